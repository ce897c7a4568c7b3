"""Serializes documents for publication."""

from collections.abc import Mapping
from typing import Any

import orjson
import yaml

_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def to_json(document: Mapping[str, Any]) -> bytes:
    """The document as JSON, as `/openapi.json` has it."""
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def to_yaml(document: Mapping[str, Any]) -> bytes:
    """The document as YAML, as `/openapi.yaml` has it."""
    text: str = yaml.dump(
        document, Dumper=_ReadableDumper, sort_keys=False, allow_unicode=True, width=100
    )
    return text.encode()


def _write_text(dumper: Any, text: str) -> yaml.ScalarNode:
    """Multi-line text becomes a block scalar, not one line of escapes."""
    style = "|" if "\n" in text else None
    node: yaml.ScalarNode = dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)
    return node


_ReadableDumper: Any = type("_ReadableDumper", (_Dumper,), {})
_ReadableDumper.add_representer(str, _write_text)
