"""The documents have no unlisted break since the newest released ones."""

from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
import yaml

from handlers.contract.diff.changes import REQUESTS, Change
from handlers.contract.diff.comparison import compare_documents
from handlers.contract.diff.documents import check_document
from handlers.contract.document.bundle import DIRECTORY, load_contract
from handlers.contract.document.views import client_document, full_document
from tests.contract.released import (
    RELEASED,
    exceptions_of,
    faults,
    newest_released,
    numbers,
    section_of,
)

CHECKOUT = DIRECTORY.parent
CHANGELOG = (CHECKOUT / "CHANGELOG.md").read_text("utf-8")
BREAK = Change("enum", REQUESTS, "Thing /size", breaking=True)
KNOWN = {BREAK.identifier: "no client used it"}
LISTED = "## [2.0.0]\n\n- `enum requests Thing /size`: sizes are gone\n\n## [1.0.0]\n"


def documents() -> dict[str, dict[str, Any]]:
    """The published documents by name."""
    contract = load_contract()
    return {"client": client_document(contract), "full": full_document(contract)}


@pytest.mark.parametrize("name", documents())
def test_a_document_has_no_unlisted_breaking_change(name: str) -> None:
    version, released = newest_released()
    document = documents()[name]
    changes = compare_documents(released, document)

    versions = version, document["info"]["version"]
    assert list(faults(changes, versions, exceptions_of(name), CHANGELOG)) == []


def test_released_documents_can_be_compared_and_have_their_version() -> None:
    for path in RELEASED.glob("*.json"):
        document = yaml.safe_load(path.read_text("utf-8"))
        check_document(document, path.name)
        assert document["info"]["version"] == path.stem


def test_exceptions_have_reasons_and_name_existing_documents() -> None:
    groups = yaml.safe_load((RELEASED / "exceptions.yaml").read_text("utf-8"))

    assert all(group["because"] for group in groups)
    assert {name for group in groups for name in group["documents"]} <= documents().keys()


def test_the_contract_has_the_version_of_the_package() -> None:
    package = ConfigParser()
    package.read(CHECKOUT / "setup.cfg", "utf-8")

    for document in documents().values():
        assert document["info"]["version"] == package["metadata"]["version"]


def test_the_version_is_not_lower_than_the_released_one() -> None:
    version = load_contract().document["info"]["version"]

    assert numbers(version) >= numbers(newest_released()[0])


@pytest.mark.parametrize(
    ("changes", "version", "exceptions", "changelog", "expected"),
    [
        ([], "1.1.0", {}, "", []),
        ([Change("enum", REQUESTS, "Thing", breaking=False)], "1.1.0", {}, "", []),
        ([BREAK], "1.1.0", KNOWN, "", []),
        ([BREAK], "2.0.0", {}, LISTED, []),
        (
            [BREAK],
            "1.1.0",
            {},
            LISTED,
            ["enum requests Thing /size: breaks clients of 1.0.0, and 1.1.0 is no major"],
        ),
        (
            [BREAK],
            "2.0.0",
            {},
            "## [2.0.0]\n\n## [1.0.0]\n\n- `enum requests Thing /size`\n",
            ["enum requests Thing /size: is not in the changelog's section of 2.0.0"],
        ),
        ([], "1.1.0", KNOWN, "", ["enum requests Thing /size: is no break (any more)"]),
    ],
)
def test_a_break_needs_an_exception_or_a_major_version_that_lists_it(
    changes: list[Change],
    version: str,
    exceptions: dict[str, str],
    changelog: str,
    expected: list[str],
) -> None:
    assert list(faults(changes, ("1.0.0", version), exceptions, changelog)) == expected


def test_reads_one_section_of_the_changelog() -> None:
    assert section_of("# Changes\n\n## 1.10.0\n\na\n\n## 1.1.0\n\nb\n", "1.1.0").endswith("b\n")
    assert section_of("# Changes\n", "1.1.0") == ""


def test_the_newest_is_the_highest_version(tmp_path: Path) -> None:
    for version in ("1.9.0", "1.10.0"):
        (tmp_path / f"{version}.json").write_text(f'{{"version": "{version}"}}', "utf-8")

    assert newest_released(tmp_path) == ("1.10.0", {"version": "1.10.0"})


def test_exceptions_apply_to_the_documents_that_they_name(tmp_path: Path) -> None:
    path = tmp_path / "exceptions.yaml"
    path.write_text("- {because: b, documents: [client], changes: [enum requests A]}", "utf-8")

    assert exceptions_of("client", path) == {"enum requests A": "b"}
    assert exceptions_of("full", path) == {}
