"""The warnings of a tool are compared with the listed ones."""

from pathlib import Path

import pytest

from sdks.expected import Difference, Expected, compare, load_expected, warnings_of
from sdks.tools import Check, Tool, load_tools

TOOL = Tool("one", "pypi", "one", Check("import", "true"))
BETA = Expected(("one",), "still in beta", "It says so of each document.")
OTHERS = Expected(("two",), "still in beta", "So does this one.")


def test_lines_of_progress_are_not_warnings() -> None:
    output = "\x1b[32m[main] INFO writing\x1b[0m\n\n#####\n[main] WARN lost a schema\n"

    assert warnings_of(output, [r"^\[main\] INFO "]) == ["[main] WARN lost a schema"]


def test_a_warning_that_is_listed_is_expected() -> None:
    assert compare(TOOL, ["3.1 is still in beta"], [BETA]) == Difference((), (), (BETA,))


def test_a_warning_that_is_not_listed_fails_and_is_named_once() -> None:
    difference = compare(TOOL, ["lost a schema", "lost a schema"], [])

    assert difference.unlisted == ("lost a schema",)


def test_a_warning_that_is_listed_for_another_tool_fails() -> None:
    difference = compare(TOOL, ["3.1 is still in beta"], [OTHERS])

    assert difference.unlisted == ("3.1 is still in beta",)
    assert difference.missing == ()


def test_a_listed_warning_that_does_not_occur_fails() -> None:
    assert compare(TOOL, [], [BETA]).missing == ("still in beta",)


@pytest.mark.parametrize("kind", ["warnings", "names"])
def test_each_expectation_is_of_tools_that_run_and_has_a_reason(kind: str) -> None:
    names = {tool.name for tool in load_tools()}

    for expected in load_expected(kind):
        assert set(expected.tools) <= names
        assert expected.reason.strip().endswith(".")


def test_expectations_are_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "expected.yaml"
    path.write_text("names:\n  - {tools: [one], pattern: ^getValue$, reason: A property.}\n")

    assert load_expected("names", path) == [Expected(("one",), "^getValue$", "A property.")]
