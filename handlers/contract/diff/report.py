"""Reports of a diff: for people at a terminal, for programs, and for a page or pull request."""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from handlers.contract.diff.changes import Change
from handlers.contract.diff.words import in_json

_FEW = 4


def as_text(changes: Sequence[Change]) -> str:
    """A line for each change, with its payload or reason below, and the numbers at the end."""
    lines = [line for change in changes for line in _lines(change)]
    return "\n".join([*lines, summary(changes)]) + "\n"


def as_json(changes: Sequence[Change]) -> str:
    """An object with the changes, each with its identifier, and the numbers of both verdicts."""
    breaking = sum(change.breaking for change in changes)
    document = {
        "breaking": breaking,
        "compatible": len(changes) - breaking,
        "changes": [_as_object(change) for change in changes],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def as_markdown(changes: Sequence[Change]) -> str:
    """One table per verdict."""
    parts = [summary(changes), ""]
    for title, breaking in (("Breaking", True), ("Compatible", False)):
        chosen = [change for change in changes if change.breaking is breaking]
        if chosen:
            parts += [f"## {title}", "", *_table(chosen), ""]
    return "\n".join(parts)


FORMATS: dict[str, Callable[[Sequence[Change]], str]] = {
    "text": as_text,
    "json": as_json,
    "markdown": as_markdown,
}


def summary(changes: Sequence[Change]) -> str:
    """The number of changes per verdict."""
    if not changes:
        return "No changes."
    breaking = sum(change.breaking for change in changes)
    return f"{breaking} breaking, {len(changes) - breaking} compatible changes."


def explanation(change: Change) -> str:
    """The payload that shows a break, or its reason; empty for a compatible change."""
    if change.witness is None:
        return change.reason
    sender, taker = ("the client sent", "the server refuses")
    if change.direction == "responses":
        sender, taker = ("the server may send", "the client does not expect")
    payload = in_json(change.witness.value)
    return f"{taker}, and {sender}: {payload} (by {change.witness.method})"


def _lines(change: Change) -> Iterable[str]:
    verdict = "BREAKING" if change.breaking else "compatible"
    detail = f": {change.detail}" if change.detail else ""
    yield f"{verdict} {change.direction} {change.kind} at {change.place}{detail}"
    if explained := explanation(change):
        yield f"    {explained}"
    if used := _used_by(change):
        yield f"    in {used}"


def _used_by(change: Change) -> str:
    """The operations, unless the place begins with the only one."""
    names = change.operations
    if not names or (len(names) == 1 and change.place.startswith(names[0])):
        return ""
    more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
    return ", ".join(names[:_FEW]) + more


def _as_object(change: Change) -> dict[str, Any]:
    payload = None
    if change.witness is not None:
        payload = {"value": change.witness.value, "method": change.witness.method}
    return {
        "id": change.identifier,
        "kind": change.kind,
        "direction": change.direction,
        "place": change.place,
        "breaking": change.breaking,
        "detail": change.detail,
        "payload": payload,
        "reason": change.reason,
        "operations": list(change.operations),
    }


def _table(changes: Sequence[Change]) -> Iterable[str]:
    yield "| direction | change | place | detail | why |"
    yield "|---|---|---|---|---|"
    for change in changes:
        cells = (change.direction, change.kind, change.place, change.detail, explanation(change))
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
