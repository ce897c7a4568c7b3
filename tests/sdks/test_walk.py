"""One tool's way, with shell commands in place of the tool."""

from dataclasses import replace
from pathlib import Path

import pytest

from sdks import walk
from sdks.expected import Expected
from sdks.shop import Cast
from sdks.tools import Check, Scenario, Tool
from sdks.walk import Outcome, Walk

GENERATE = "echo writing; echo 'class Order: ...' > client.py"
TOOL = Tool(
    *("one", "pypi", "one", Check("import", "test -f client.py")),
    generate=GENERATE,
    progress=("^writing$",),
    sources=("client.py",),
)
CAST = Cast("mert@example.com", "password", "guest@example.com", "1001", "wbs_token")
BETA = Expected(("one",), "in beta", "It says so of each document.")


@pytest.fixture(autouse=True)
def expected(monkeypatch: pytest.MonkeyPatch) -> list[Expected]:
    listed: list[Expected] = []
    monkeypatch.setattr(walk, "load_expected", lambda kind: listed if kind == "warnings" else [])
    return listed


def walked(tool: Tool, work: Path, cast: Cast | None = None) -> Outcome:
    return Walk(tool, work, "http://127.0.0.1:1").run(cast)


def test_a_tool_without_a_word_passes(tmp_path: Path) -> None:
    assert walked(TOOL, tmp_path) == Outcome(TOOL)


def test_a_command_knows_the_document(tmp_path: Path) -> None:
    tool = replace(TOOL, generate=f"{GENERATE}; echo {{document}} {{file}} > where")

    walked(tool, tmp_path)

    document, file = (tmp_path / "generated/one/where").read_text().split()
    assert document == "http://127.0.0.1:1/openapi.json"
    assert file == str(tmp_path / "openapi.json")


@pytest.mark.parametrize("output", ["", "echo no such schema;"])
def test_a_command_that_fails_ends_the_way(tmp_path: Path, output: str) -> None:
    outcome = walked(replace(TOOL, generate=f"{output} exit 3"), tmp_path)

    assert outcome.faults[0] == "generate: exit code 3"
    assert not (tmp_path / "generated/one/import.log").exists()


def test_a_warning_that_is_not_listed_is_a_fault(tmp_path: Path) -> None:
    outcome = walked(replace(TOOL, generate=f"{GENERATE}; echo lost a schema"), tmp_path)

    assert outcome.faults == ["not listed: lost a schema"]


def test_a_listed_warning_is_no_fault_even_of_a_check_that_fails(
    tmp_path: Path, expected: list[Expected]
) -> None:
    expected.append(BETA)
    tool = replace(TOOL, check=Check("mypy", "echo still in beta; exit 1"))

    outcome = walked(tool, tmp_path)

    assert outcome.faults == []
    assert outcome.warnings == [BETA]


def test_a_listed_warning_that_does_not_come_is_a_fault(
    tmp_path: Path, expected: list[Expected]
) -> None:
    expected.append(BETA)

    assert walked(TOOL, tmp_path).faults == ["listed, and no longer comes: in beta"]


def test_a_bad_name_is_a_fault(tmp_path: Path) -> None:
    outcome = walked(replace(TOOL, generate="echo 'class OrderType0: ...' > client.py"), tmp_path)

    assert outcome.faults == ["a name that the document causes: OrderType0"]


def test_a_scenario_is_checked_and_run_with_its_cast(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "ROOM", tmp_path)
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios/walk.sh").write_text('test "$GUEST_NUMBER" = 1001')
    scenario = Scenario("walk.sh", "test -f walk.sh", "sh walk.sh")

    assert walked(replace(TOOL, scenario=scenario), tmp_path, CAST).has_scenario is True
    failing = replace(scenario, run="sh walk.sh; exit 1")
    outcome = walked(replace(TOOL, scenario=failing), tmp_path, CAST)
    assert outcome.has_scenario is False
    assert outcome.faults == ["scenario: exit code 1"]
