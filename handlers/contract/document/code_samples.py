"""Samples of each request in curl, Python and TypeScript.

The document has them as `x-codeSamples`, which API references show beside an operation. Samples run
as copied: the URL of the server and the credentials come from environment variables, `BASE_URL` and
the name of the security scheme in capitals (`SessionKey`: `SESSION_KEY`).
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from handlers.contract.document.sample_requests import (
    NEW_KEY,
    VARIABLE,
    SampleRequest,
    sample_request,
)
from handlers.http.media_types import JSON

_METHODS = ("get", "put", "post", "delete", "patch")
_PYTHON_WORDS = {True: "True", False: "False", None: "None"}


def code_samples(document: Mapping[str, Any], path: str, method: str) -> list[dict[str, str]]:
    """The `x-codeSamples` of one operation."""
    request = sample_request(document, path, method)
    return [
        {"lang": "Shell", "label": "curl", "source": _curl(request)},
        {"lang": "Python", "label": "Python", "source": _python(request)},
        {"lang": "TypeScript", "label": "TypeScript", "source": _typescript(request)},
    ]


def add_code_samples(document: dict[str, Any]) -> None:
    """Add `x-codeSamples` to every operation of ``document``."""
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                item[method]["x-codeSamples"] = code_samples(document, path, method)


def _curl(request: SampleRequest) -> str:
    parts = [f'curl --fail-with-body "$BASE_URL{_in_shell(request.path)}"']
    if request.method != ("GET" if request.body is None else "POST"):
        parts.append(f"--request {request.method}")
    parts += [
        f'--header "{name}: {"$(openssl rand -hex 16)" if value == NEW_KEY else _in_shell(value)}"'
        for name, value in request.headers.items()
    ]
    if request.body is not None:
        text = json.dumps(request.body, ensure_ascii=False, indent=2).replace("'", "'\\''")
        parts.append(f"--json '{text}'")
    return " \\\n  ".join(parts)


def _in_shell(text: str) -> str:
    return VARIABLE.sub(r"$\1", text)


def _python(request: SampleRequest) -> str:
    arguments = [_python_text("${BASE_URL}" + request.path)]
    if request.headers:
        pairs = [f'"{name}": {_python_text(value)}' for name, value in request.headers.items()]
        arguments.append("headers=" + _python_block("{", pairs, "}"))
    if request.body is not None:
        arguments.append("json=" + _python_value(request.body))
    arguments.append("timeout=10")
    makes_key = NEW_KEY in request.headers.values()
    return "\n".join(
        [
            "import os",
            *(["import uuid"] if makes_key else []),
            "",
            "import requests",
            "",
            _python_block(f"response = requests.{request.method.lower()}(", arguments, ")"),
            "response.raise_for_status()",
            "print(response.text)",
        ]
    )


def _python_text(text: str) -> str:
    if text == NEW_KEY:
        return "str(uuid.uuid4())"
    if not VARIABLE.search(text):
        return json.dumps(text)
    return 'f"' + VARIABLE.sub(r"{os.environ['\1']}", text) + '"'


def _python_value(value: Any) -> str:
    if isinstance(value, dict):
        members = [f"{json.dumps(name)}: {_python_value(member)}" for name, member in value.items()]
        return _python_block("{", members, "}")
    if isinstance(value, list):
        return _python_block("[", [_python_value(item) for item in value], "]")
    if value is None or isinstance(value, bool):
        return _PYTHON_WORDS[value]
    return json.dumps(value, ensure_ascii=False)


def _python_block(opening: str, members: Iterable[str], closing: str) -> str:
    return _block(opening, [f"{member}," for member in members], closing, indent=4)


def _typescript(request: SampleRequest) -> str:
    options = []
    if request.method != "GET":
        options.append(f'method: "{request.method}",')
    headers = request.headers | ({} if request.body is None else {"Content-Type": JSON})
    if headers:
        pairs = [f'"{name}": {_typescript_text(value)},' for name, value in headers.items()]
        options.append(_block("headers: {", pairs, "},"))
    if request.body is not None:
        body = json.dumps(request.body, ensure_ascii=False, indent=2)
        options.append(f"body: JSON.stringify({body}),")
    address = _typescript_text("${BASE_URL}" + request.path)
    end = _block(", {", options, "});") if options else ");"
    return "\n".join(
        [
            f"const response = await fetch({address}{end}",
            "if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);",
            "console.log(await response.text());",
        ]
    )


def _typescript_text(text: str) -> str:
    if text == NEW_KEY:
        return "crypto.randomUUID()"
    if not VARIABLE.search(text):
        return json.dumps(text)
    return "`" + VARIABLE.sub(r"${process.env.\1}", text) + "`"


def _block(opening: str, lines: Iterable[str], closing: str, indent: int = 2) -> str:
    """``opening``, ``lines`` (which may contain newlines) indented, and ``closing``."""
    space = "\n" + " " * indent
    inner = "\n".join(lines).replace("\n", space)
    return f"{opening}{space}{inner}\n{closing}" if inner else opening + closing
