"""A missing response about vulnerabilities fails, and vulnerable packages are named."""

import json
from typing import Any

import pytest

from script.auditing import (
    FINE,
    UNKNOWN,
    VULNERABLE,
    AuditResult,
    Package,
    licences,
    main,
    parse_result,
    summarize,
)

GOOD = {"name": "click", "version": "8.5.1", "vulns": []}
BAD = {"name": "flask", "version": "0.1", "vulns": [{"id": "PYSEC-1"}, {"id": "PYSEC-2"}]}
SKIPPED = {"name": "jinja2", "skip_reason": "Dependency not found on PyPI"}


def verdict_of(*dependencies: dict[str, Any]) -> AuditResult | None:
    return parse_result(json.dumps({"dependencies": dependencies, "fixes": []}))


@pytest.mark.parametrize(
    ("results", "text", "code"),
    [
        ([verdict_of(GOOD)], "No known vulnerabilities.", FINE),
        ([verdict_of(GOOD, BAD)], "VULNERABLE: flask 0.1: PYSEC-1, PYSEC-2", VULNERABLE),
        (
            [verdict_of(GOOD, SKIPPED)],
            "NOT KNOWN: the vulnerability service does not know jinja2.",
            UNKNOWN,
        ),
        (
            [verdict_of(GOOD), parse_result("")],
            "NOT KNOWN: the vulnerability service could not be reached.",
            UNKNOWN,
        ),
        (
            [parse_result("<html>"), verdict_of(BAD)],
            (
                "VULNERABLE: flask 0.1: PYSEC-1, PYSEC-2\n"
                "NOT KNOWN: the vulnerability service could not be reached."
            ),
            VULNERABLE,
        ),
    ],
)
def test_unknown_packages_fail(results: list[AuditResult | None], text: str, code: int) -> None:
    assert summarize(results) == (text, code)


def test_licences_are_a_table() -> None:
    assert licences([Package("click", "8.5.1", "BSD-3-Clause")]).splitlines() == [
        "| package | version | licence |",
        "|---|---|---|",
        "| click | 8.5.1 | BSD-3-Clause |",
    ]


def test_all_files_are_audited(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(tool: str, *arguments: str, check: bool = True) -> str:
        if tool == "pip-licenses":
            return '[{"Name": "click", "Version": "8.5.1", "License": "BSD-3-Clause"}]'
        dependency = BAD if arguments[-1].endswith("main.txt") else GOOD
        return json.dumps({"dependencies": [dependency]})

    monkeypatch.setattr("script.auditing._output", run)

    assert main(["main", "test"]) == VULNERABLE
    printed = capsys.readouterr().out
    assert printed.count("click") == 1
    assert "VULNERABLE: flask 0.1" in printed
