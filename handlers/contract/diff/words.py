"""Values and schemas as they stand in a line of a report."""

import json
from typing import Any

_LONGEST = 120
ABSENT = object()


def shown(value: Any) -> str:
    """JSON on one line, cut where it is long; nothing where there is no value."""
    if value is ABSENT:
        return "nothing"
    text = in_json(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def from_to(old: Any, new: Any) -> str:
    """What it was and what it is; ABSENT stands for what was or is not there."""
    if old is ABSENT:
        return f"now {shown(new)}"
    if new is ABSENT:
        return f"was {shown(old)}"
    return f"{shown(old)} → {shown(new)}"


def in_json(value: Any) -> str:
    """JSON in one line, with sorted keys."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
