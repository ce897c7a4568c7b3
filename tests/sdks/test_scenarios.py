"""The scenarios are examples: no call needs code that a generated client should replace."""

import re
from pathlib import Path

import pytest

from sdks.tools import ROOM, load_tools

SCENARIOS = sorted(path for path in (ROOM / "scenarios").iterdir() if path.is_file())
# What would make up for a defect of the document.
PYTHON = re.compile(r"\bcast\(|type: ignore|\bAny\b|[Cc]ookie|x_csrftoken|_headers=")
TYPESCRIPT = re.compile(r"\bas (?!assert)|@ts-|\bany\b|[\w\])]!|[Cc]ookie|csrftoken")


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.name)
def test_no_call_needs_a_header_cookie_or_cast(path: Path) -> None:
    handmade = PYTHON if path.suffix == ".py" else TYPESCRIPT

    code = [line.partition("//")[0] for line in path.read_text().splitlines()]
    assert [line for line in code if handmade.search(line)] == []


def test_each_scenario_is_run() -> None:
    run = {tool.scenario.file for tool in load_tools() if tool.scenario}

    assert run == {path.name for path in SCENARIOS}


@pytest.mark.parametrize(
    "line", ["const order = found as Order;", "found.data!.key", "(x as any)", "// @ts-ignore"]
)
def test_a_cast_in_typescript_is_detected(line: str) -> None:
    assert TYPESCRIPT.search(line)


@pytest.mark.parametrize("line", ["cast(Order, found)", "x = y  # type: ignore", "cookie=session"])
def test_a_cast_in_python_is_detected(line: str) -> None:
    assert PYTHON.search(line)
