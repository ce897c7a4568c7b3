"""Values and schemas as text in one line of a report."""

import json
from typing import Any

_LONGEST = 120
ABSENT = object()


def shown(value: Any) -> str:
    """JSON on one line, truncated; "nothing" for ABSENT."""
    if value is ABSENT:
        return "nothing"
    text = in_json(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def from_to(old: Any, new: Any) -> str:
    """The old and the new value; ABSENT stands for none."""
    if old is ABSENT:
        return f"now {shown(new)}"
    if new is ABSENT:
        return f"was {shown(old)}"
    return f"{shown(old)} → {shown(new)}"


def in_json(value: Any) -> str:
    """JSON in one line, with sorted keys."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
