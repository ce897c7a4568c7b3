"""Disabled rules of the linters have a reason; `script/sdks` runs the linters."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

ROOM = Path(__file__).parents[2] / "sdks"
RULESETS = ("redocly.yaml", "spectral.yaml")
RULE = re.compile("  ([a-z0-9-]+): off")


def unexplained(text: str) -> list[str]:
    """The rules without a comment before them."""
    lines = ["", *text.splitlines()]
    return [
        found[1]
        for before, line in pairwise(lines)
        if (found := RULE.fullmatch(line)) and not before.startswith("  # ")
    ]


@pytest.mark.parametrize("name", RULESETS)
def test_every_disabled_rule_has_a_reason(name: str) -> None:
    text = (ROOM / name).read_text("utf-8")

    assert unexplained(text) == []
    # The file only disables rules: it lowers no severity.
    off = [found[1] for line in text.splitlines() if (found := RULE.fullmatch(line))]
    assert off == list(yaml.safe_load(text)["rules"])


def test_a_rule_without_a_reason_is_detected() -> None:
    assert unexplained("rules:\n  # A reason.\n  one: off\n  two: off\n\n  three: off\n") == [
        "two",
        "three",
    ]
