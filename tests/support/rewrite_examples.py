"""Writes the responses of a sandbox into the examples of openapi/.

Run `python -m tests.support.rewrite_examples` after a change of responses or of shop.yaml, then
read the diff. Random values stay unchanged.
"""

import json
import re
import sys
import tempfile
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

from handlers.app import create_app, database_of
from handlers.contract.document.bundle import DIRECTORY
from handlers.sandbox.shop import SECRET, read_shop
from handlers.sandbox.state import Sandbox
from handlers.settings import Settings
from handlers.web.request_context import PARTS
from tests.handlers.sandbox.test_examples import UNAVOIDABLE
from tests.support.sandbox_clients import Callers
from tests.support.sandbox_exchanges import Examples, differences

_WIDTH = 100
_MAX_IN_A_LINE = 6
# YAML 1.1 reads some times as sexagesimal numbers.
_TIME = re.compile(r"\d\d:\d\d")


def rewrite() -> list[str]:
    """Rewrite the examples that differ; return their locations."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(secret=SECRET, database_url=f"sqlite:///{folder}/sandbox.sqlite3")
        app = create_app(settings, Sandbox.of(read_shop()))
        database_of(app).make_tables()
        places = _rewrite(Callers(app), app.app.extensions[PARTS].contract)
        database_of(app).close()
    return places


def _rewrite(callers: Callers, contract: Any) -> list[str]:
    places = []
    for exchange in Examples(contract.document).exchanges():
        callers.reset()
        response = callers.send(exchange)
        if exchange.pointer is None:
            continue
        if response.status_code not in exchange.statuses:
            places.append(f"{exchange}: {response.status_code} {response.text[:200]}")
            continue
        patterns = UNAVOIDABLE.get(exchange.operation_id, {})
        example = _with_old_values(exchange.response, response.json(), "", patterns)
        if list(differences(exchange.response, example)):
            place = contract.origin(exchange.pointer)
            name, _, pointer = place.partition("#")
            _replace(DIRECTORY / name, pointer.split("/")[1:], example)
            places.append(f"{exchange}: {place}")
    return places


def _with_old_values(old: Any, new: Any, place: str, patterns: Any) -> Any:
    """``new``, with the random values of ``old`` at the places that match the patterns."""
    if any(fnmatchcase(place, pattern) for pattern in patterns) and old is not None:
        return old
    if isinstance(new, dict):
        olds = old if isinstance(old, dict) else {}
        return {
            key: _with_old_values(olds.get(key), value, f"{place}/{key}", patterns)
            for key, value in new.items()
        }
    if isinstance(new, list):
        rows = old if isinstance(old, list) else []
        return [
            _with_old_values(rows[at] if at < len(rows) else None, item, f"{place}/{at}", patterns)
            for at, item in enumerate(new)
        ]
    return new


def _replace(file: Path, parts: list[str], value: Any) -> None:
    """Replace the value of a key in a block mapping by ``value``."""
    text = file.read_text("utf-8")
    lines = text.splitlines(keepends=True)
    key, node = _find(yaml.compose(text, yaml.SafeLoader), parts)
    begin, indent = key.start_mark.line, key.start_mark.column
    is_block = isinstance(node, yaml.CollectionNode) and not node.flow_style
    # The end of a block is where the next token begins.
    end = node.end_mark.line + (not is_block)
    while not lines[end - 1].strip():
        end -= 1
    lines[begin:end] = [f"{' ' * indent}{line}\n" for line in _member(key.value, value, indent)]
    file.write_text("".join(lines), "utf-8")


def _member(key: str, value: Any, indent: int) -> list[str]:
    """The lines of one key of a mapping at ``indent``."""
    name, flow = _scalar(key), _flow(value)
    fits = indent + len(name) + len(flow) + 2 <= _WIDTH
    if not isinstance(value, dict | list) or (fits and _is_flat(value)):
        return [f"{name}: {flow}"]
    return [f"{name}:", *(f"  {line}" for line in _block(value, indent + 2))]


def _block(value: Any, indent: int) -> list[str]:
    if isinstance(value, dict):
        return [line for key, member in value.items() for line in _member(key, member, indent)]
    if isinstance(value, list):
        lines = []
        for item in value:
            first, *others = _block(item, indent + 2)
            lines += [f"- {first}", *(f"  {line}" for line in others)]
        return lines
    return [_scalar(value)]


def _is_flat(value: Any) -> bool:
    """Whether it is written in one line if it fits: scalars, small mappings, lists of scalars."""
    if isinstance(value, dict):
        return len(value) <= _MAX_IN_A_LINE and all(
            isinstance(member, str | int | None) or _is_flat(member) for member in value.values()
        )
    return not isinstance(value, list) or not any(isinstance(item, dict) for item in value)


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_scalar(k)}: {_flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    """A plain scalar if every YAML parser reads it as the same text, else JSON."""
    if not isinstance(value, str) or _TIME.match(value):
        return json.dumps(value)
    try:
        is_plain = yaml.safe_load(f"{{a: {value}}}") == {"a": value} and "\n" not in value
    except yaml.YAMLError:
        is_plain = False
    return value if is_plain else json.dumps(value, ensure_ascii=False)


def _find(node: Any, parts: list[str]) -> tuple[Any, Any]:
    key = None
    for part in parts:
        wanted = part.replace("~1", "/").replace("~0", "~")
        if isinstance(node, yaml.SequenceNode):
            node = node.value[int(wanted)]
            continue
        key, node = next(pair for pair in node.value if pair[0].value == wanted)
    return key, node


if __name__ == "__main__":
    sys.stdout.write("".join(f"{place}\n" for place in rewrite()))
