"""The table of the page, and its pinned versions."""

from dataclasses import replace
from pathlib import Path

import pytest

from sdks.expected import Expected
from sdks.report import PAGE, pinned_version, table, write_table
from sdks.tool_run import Outcome
from sdks.tools import Check, Scenario, Tool, load_tools

TOOLS = load_tools()
TOOL = Tool("one", "pypi", "mypy", Check("import", "true"), generate="true")
BETA = Expected(("one",), "in beta", "It says so of each document.")


def test_a_row_has_the_result_of_a_tool() -> None:
    tool = replace(TOOL, scenario=Scenario("one.py", "true", "true"))
    rows = table([Outcome(tool, warnings=[BETA], has_scenario=True)]).splitlines()

    assert rows[2] == (
        f"| one | {pinned_version(TOOL)} | generates | import | 1"
        " | [passes](../../sdks/scenarios/one.py) |"
    )
    assert rows[-1] == "- one: It says so of each document."


def test_a_row_names_the_failure() -> None:
    assert "| fails |" in table([Outcome(TOOL, failures=["exit code 1"])])


def test_the_table_is_written_between_the_marks(tmp_path: Path) -> None:
    page = tmp_path / "sdks.md"
    page.write_text(PAGE.read_text())

    write_table([Outcome(TOOL)], page)
    write_table([Outcome(TOOL)], page)

    assert page.read_text().count("| one |") == 1
    assert page.read_text().startswith("# SDKs")


def test_a_page_without_marks_is_not_changed(tmp_path: Path) -> None:
    page = tmp_path / "sdks.md"
    page.write_text("# SDKs\n")

    with pytest.raises(ValueError, match="no marks"):
        write_table([Outcome(TOOL)], page)


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_the_page_has_the_pinned_version_of_each_tool(tool: Tool) -> None:
    assert f"| {tool.name} | {pinned_version(tool)} |" in PAGE.read_text()


def test_a_tool_that_is_not_pinned_has_no_version() -> None:
    with pytest.raises(LookupError, match="nothing"):
        pinned_version(replace(TOOL, package="nothing"))
