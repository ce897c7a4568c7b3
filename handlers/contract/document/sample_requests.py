"""The sample request of an operation, made from the examples of a document."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from handlers.http.media_types import JSON

VARIABLE = re.compile(r"\$\{(\w+)\}")
"""A variable in the text of a request; its name is the first group."""
IDEMPOTENCY_KEY = "Idempotency-Key"
PREFIX = "x-prefix"
"""The key for the prefix of the credential in an apiKey scheme."""
NEW_KEY = "${NEW_KEY}"
"""Stands for a random text, new for every request."""


@dataclass(frozen=True)
class SampleRequest:
    """One request. In ``path`` and the values of ``headers``, ``${NAME}`` is a variable."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None


def sample_request(document: Mapping[str, Any], path: str, method: str) -> SampleRequest:
    """The request of the operation's first examples, with its required parameters."""
    item = document["paths"][path]
    operation = item[method]
    headers, query = _credentials(document, operation)
    for parameter in _parameters(document, item, operation):
        name, value = parameter["name"], _example(document, parameter)
        if name == IDEMPOTENCY_KEY:
            headers[name] = NEW_KEY
        elif parameter["in"] == "path":
            path = path.replace(f"{{{name}}}", quote(str(value), safe=""))
        elif parameter.get("required") and parameter["in"] == "query":
            query.setdefault(name, str(value))
    body = _resolved(document, operation.get("requestBody", {})).get("content", {}).get(JSON)
    return SampleRequest(
        method=method.upper(),
        path=path + _query_string(query),
        headers=headers,
        body=None if body is None else _example(document, body),
    )


def _query_string(query: Mapping[str, str]) -> str:
    pairs = [f"{name}={_quoted_text(value)}" for name, value in query.items()]
    return f"?{'&'.join(pairs)}" if pairs else ""


def _quoted_text(text: str) -> str:
    """Percent-encoded, but for the variables in it."""
    return "".join(
        part if VARIABLE.fullmatch(part) else quote(part, safe="")
        for part in re.split(r"(\$\{\w+\})", text)
    )


def _credentials(
    document: Mapping[str, Any], operation: Mapping[str, Any]
) -> tuple[dict[str, str], dict[str, str]]:
    """Headers and query of the first requirement without a cookie; else empty."""
    schemes = document.get("components", {}).get("securitySchemes", {})
    for requirement in operation.get("security", document.get("security", [])):
        used = {name: schemes[name] for name in requirement}
        if any(scheme.get("in") == "cookie" for scheme in used.values()):
            continue
        headers = {
            _header_name(scheme): _header_value(name, scheme)
            for name, scheme in used.items()
            if scheme["type"] == "http" or scheme.get("in") == "header"
        }
        query = {
            scheme["name"]: f"${{{_constant(name)}}}"
            for name, scheme in used.items()
            if scheme.get("in") == "query"
        }
        return headers, query
    return {}, {}


def _header_name(scheme: Mapping[str, Any]) -> str:
    return "Authorization" if scheme["type"] == "http" else str(scheme["name"])


def _header_value(name: str, scheme: Mapping[str, Any]) -> str:
    if scheme.get("name") == "Content-Type":
        return JSON  # a scheme only so that clients send it with every request
    is_http = scheme["type"] == "http"
    prefix = f"{scheme['scheme'].capitalize()} " if is_http else scheme.get(PREFIX, "")
    return f"{prefix}${{{_constant(name)}}}"


def _constant(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).upper()


def _parameters(
    document: Mapping[str, Any], item: Mapping[str, Any], operation: Mapping[str, Any]
) -> Iterator[Mapping[str, Any]]:
    for spec in (*item.get("parameters", ()), *operation.get("parameters", ())):
        yield _resolved(document, spec)


def _example(document: Mapping[str, Any], holder: Mapping[str, Any]) -> Any:
    """The first example of a Parameter or Media Type Object, or of its schema; else None."""
    for example in holder.get("examples", {}).values():
        return _resolved(document, example).get("value")
    schema = _resolved(document, holder.get("schema", {}))
    values = [holder.get("example"), *schema.get("examples", ()), schema.get("default")]
    return next((value for value in values if value is not None), None)


def _resolved(document: Mapping[str, Any], spec: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in spec:
        _, _, kind, name = spec["$ref"].split("/")
        spec = document["components"][kind][name]
    return spec
