"""Writes the document as it is published."""

from typing import Any

import orjson
import yaml

from handlers.contract.contract import Contract

_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def to_json(contract: Contract) -> bytes:
    """The document as it is published at `/openapi.json`."""
    return orjson.dumps(contract.document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def to_yaml(contract: Contract) -> bytes:
    """The document as it is published at `/openapi.yaml`."""
    text: str = yaml.dump(
        contract.document, Dumper=_ReadableDumper, sort_keys=False, allow_unicode=True, width=100
    )
    return text.encode()


def _write_text(dumper: Any, text: str) -> yaml.ScalarNode:
    """Text of several lines is written as such, not as one line of escapes."""
    style = "|" if "\n" in text else None
    node: yaml.ScalarNode = dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)
    return node


_ReadableDumper: Any = type("_ReadableDumper", (_Dumper,), {})
_ReadableDumper.add_representer(str, _write_text)
