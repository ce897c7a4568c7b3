"""Sets the names that cookies have on this server in the document."""

import re
from collections.abc import Callable
from typing import Any

# Cookies that no security scheme names: they give no right by themselves.
_OTHER_COOKIES = ("csrftoken", "knowndevice", "lastchange")


def name_cookies(document: dict[str, Any], session_cookie: str, prefix: str) -> None:
    """Set the names of cookies in the document.

    They are in security schemes, and in descriptions as `name` or `name=<value>`.
    """
    components = document.get("components", {})
    schemes = components.get("securitySchemes", {})
    names = {
        scheme["name"]: session_cookie if name == "SessionCookie" else prefix + scheme["name"]
        for name, scheme in schemes.items()
        if scheme.get("in") == "cookie"
    }
    for scheme in schemes.values():
        if scheme.get("in") == "cookie":
            scheme["name"] = names[scheme["name"]]
    names |= {name: prefix + name for name in _OTHER_COOKIES}
    changed = {name: full_name for name, full_name in names.items() if name != full_name}
    if changed:
        # In one pass: a new name may end in an old one.
        pattern = re.compile(f"`({'|'.join(map(re.escape, changed))})(?=[`=])")
        _describe_anew(document, lambda text: pattern.sub(lambda m: f"`{changed[m[1]]}", text))


def _describe_anew(node: Any, written: Callable[[str], str]) -> None:
    """Rewrite every description in the document."""
    members = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for member in members:
        _describe_anew(member, written)
    if isinstance(node, dict) and isinstance(node.get("description"), str):
        node["description"] = written(node["description"])
