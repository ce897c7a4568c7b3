"""Validators compiled once, at start, for any place of the contract (JSON Schema 2020-12)."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from jsonschema_rs import Draft202012Validator, Registry, ValidationError

_CONTRACT_URI = "urn:waybill:contract"


class Judges:
    """Compiles the schema at a JSON pointer of the bundled document; formats are asserted."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._registry = Registry([(_CONTRACT_URI, dict(document))])

    def compile(self, pointer: str) -> Draft202012Validator:
        """The validator of the schema at ``pointer``; its references resolve in the document."""
        return Draft202012Validator(
            {"$ref": f"{_CONTRACT_URI}#{quote(pointer)}"},
            registry=self._registry,
            validate_formats=True,
        )


def pointer_to(*parts: str | int) -> str:
    """A JSON pointer (RFC 6901) from its unescaped parts."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)


def describe(error: ValidationError) -> str:
    """Where and by which keyword a value failed, without the value: it may be personal."""
    return f"{pointer_to(*error.instance_path) or '/'} fails {error.kind.name}"
