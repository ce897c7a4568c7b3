"""The run of a tool, with shell commands in place of the tool."""

from dataclasses import replace
from pathlib import Path

import pytest

from sdks import tool_run
from sdks.expected import Expected
from sdks.shop import Participants
from sdks.tool_run import Outcome, ToolRun
from sdks.tools import Check, Scenario, Tool

GENERATE = "echo writing; echo 'class Order: ...' > client.py"
TOOL = Tool(
    *("one", "pypi", "one", Check("import", "test -f client.py")),
    generate=GENERATE,
    progress=("^writing$",),
    sources=("client.py",),
)
CAST = Participants("mert@example.com", "password", "guest@example.com", "1001", "wbs_token")
BETA = Expected(("one",), "in beta", "It says so of each document.")


@pytest.fixture(autouse=True)
def expected(monkeypatch: pytest.MonkeyPatch) -> list[Expected]:
    listed: list[Expected] = []
    monkeypatch.setattr(
        tool_run, "load_expected", lambda kind: listed if kind == "warnings" else []
    )
    return listed


def run_tool(tool: Tool, work: Path, participants: Participants | None = None) -> Outcome:
    return ToolRun(tool, work, "http://127.0.0.1:1").run(participants)


def test_a_tool_without_output_passes(tmp_path: Path) -> None:
    assert run_tool(TOOL, tmp_path) == Outcome(TOOL)


def test_a_command_knows_the_document(tmp_path: Path) -> None:
    tool = replace(TOOL, generate=f"{GENERATE}; echo {{document}} {{file}} > where")

    run_tool(tool, tmp_path)

    document, file = (tmp_path / "generated/one/where").read_text().split()
    assert document == "http://127.0.0.1:1/openapi.json"
    assert file == str(tmp_path / "openapi.json")


@pytest.mark.parametrize("output", ["", "echo no such schema;"])
def test_a_command_that_fails_ends_the_run(tmp_path: Path, output: str) -> None:
    outcome = run_tool(replace(TOOL, generate=f"{output} exit 3"), tmp_path)

    assert outcome.failures[0] == "generate: exit code 3"
    assert not (tmp_path / "generated/one/import.log").exists()


def test_a_warning_that_is_not_listed_fails(tmp_path: Path) -> None:
    outcome = run_tool(replace(TOOL, generate=f"{GENERATE}; echo lost a schema"), tmp_path)

    assert outcome.failures == ["warning that is not listed: lost a schema"]


def test_a_listed_warning_passes_even_where_the_check_fails(
    tmp_path: Path, expected: list[Expected]
) -> None:
    expected.append(BETA)
    tool = replace(TOOL, check=Check("mypy", "echo still in beta; exit 1"))

    outcome = run_tool(tool, tmp_path)

    assert outcome.failures == []
    assert outcome.warnings == [BETA]


def test_a_listed_warning_that_does_not_occur_fails(
    tmp_path: Path, expected: list[Expected]
) -> None:
    expected.append(BETA)

    assert run_tool(TOOL, tmp_path).failures == ["listed warning that does not occur: in beta"]


def test_a_forbidden_name_fails(tmp_path: Path) -> None:
    outcome = run_tool(replace(TOOL, generate="echo 'class OrderType0: ...' > client.py"), tmp_path)

    assert outcome.failures == ["name that the document causes: OrderType0"]


def test_a_scenario_is_checked_and_run_with_its_participants(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tool_run, "ROOM", tmp_path)
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios/walk.sh").write_text('test "$GUEST_NUMBER" = 1001')
    scenario = Scenario("walk.sh", "test -f walk.sh", "sh walk.sh")

    assert run_tool(replace(TOOL, scenario=scenario), tmp_path, CAST).has_scenario is True
    failing = replace(scenario, run="sh walk.sh; exit 1")
    outcome = run_tool(replace(TOOL, scenario=failing), tmp_path, CAST)
    assert outcome.has_scenario is False
    assert outcome.failures == ["scenario: exit code 1"]
