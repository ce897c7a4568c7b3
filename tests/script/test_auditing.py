"""No answer about vulnerabilities is no good news, and what is vulnerable is named."""

import json
from typing import Any

import pytest

from script.auditing import (
    FINE,
    UNKNOWN,
    VULNERABLE,
    Package,
    Verdict,
    judgement,
    licences,
    main,
    read_verdict,
)

GOOD = {"name": "click", "version": "8.5.1", "vulns": []}
BAD = {"name": "flask", "version": "0.1", "vulns": [{"id": "PYSEC-1"}, {"id": "PYSEC-2"}]}
SKIPPED = {"name": "jinja2", "skip_reason": "Dependency not found on PyPI"}


def verdict_of(*dependencies: dict[str, Any]) -> Verdict | None:
    return read_verdict(json.dumps({"dependencies": dependencies, "fixes": []}))


@pytest.mark.parametrize(
    ("verdicts", "told", "code"),
    [
        ([verdict_of(GOOD)], "No known vulnerabilities.", FINE),
        ([verdict_of(GOOD, BAD)], "VULNERABLE: flask 0.1: PYSEC-1, PYSEC-2", VULNERABLE),
        (
            [verdict_of(GOOD, SKIPPED)],
            "NOT KNOWN: the vulnerability service does not know jinja2.",
            UNKNOWN,
        ),
        (
            [verdict_of(GOOD), read_verdict("")],
            "NOT KNOWN: the vulnerability service could not be reached.",
            UNKNOWN,
        ),
        (
            [read_verdict("<html>"), verdict_of(BAD)],
            (
                "VULNERABLE: flask 0.1: PYSEC-1, PYSEC-2\n"
                "NOT KNOWN: the vulnerability service could not be reached."
            ),
            VULNERABLE,
        ),
    ],
)
def test_what_is_not_known_is_not_fine(
    verdicts: list[Verdict | None], told: str, code: int
) -> None:
    assert judgement(verdicts) == (told, code)


def test_licences_are_a_table() -> None:
    assert licences([Package("click", "8.5.1", "BSD-3-Clause")]).splitlines() == [
        "| package | version | licence |",
        "|---|---|---|",
        "| click | 8.5.1 | BSD-3-Clause |",
    ]


def test_all_lists_are_asked_about(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def say(tool: str, *arguments: str, check: bool = True) -> str:
        if tool == "pip-licenses":
            return '[{"Name": "click", "Version": "8.5.1", "License": "BSD-3-Clause"}]'
        dependency = BAD if arguments[-1].endswith("main.txt") else GOOD
        return json.dumps({"dependencies": [dependency]})

    monkeypatch.setattr("script.auditing._said", say)

    assert main(["main", "test"]) == VULNERABLE
    printed = capsys.readouterr().out
    assert printed.count("click") == 1
    assert "VULNERABLE: flask 0.1" in printed
