"""Changes of who may call an operation, and at which server."""

from collections.abc import Mapping
from typing import Any

from handlers.contract.diff.changes import Site
from handlers.contract.diff.operations import Described
from handlers.contract.diff.references import followed
from handlers.contract.diff.words import from_to, in_json

_NOT_LET_IN = "what let the client in is not enough"
_NOT_THERE = "a client of this server finds the operation there no more"
# What defines a scheme, apart from its name and description.
_DEFINING = ("type", "name", "in", "scheme", "openIdConnectUrl")
_URLS = ("authorizationUrl", "tokenUrl", "refreshUrl")

# By scheme, the scopes that an alternative requires.
_Alternative = Mapping[str, frozenset[str]]


def compare_security(old: Described, new: Described, site: Site) -> None:
    """Record a change of the alternatives by which clients authenticate."""
    old_alternatives, new_alternatives = _alternatives(old), _alternatives(new)
    detail = from_to(list(old.security), list(new.security))
    if not all(any(_is_enough(was, now) for now in new_alternatives) for was in old_alternatives):
        site.breaks("security", _NOT_LET_IN, detail)
    elif not all(any(_is_enough(now, was) for was in old_alternatives) for now in new_alternatives):
        site.allows("security", detail)


def compare_servers(old: Described, new: Described, site: Site) -> None:
    """Record servers that were added or removed."""
    old_servers, new_servers = (
        {_server(server): server["url"] for server in side.servers} for side in (old, new)
    )
    for server, url in old_servers.items():
        if server not in new_servers:
            site.below(f"server {url}").breaks("server-removed", _NOT_THERE)
    for server, url in new_servers.items():
        if server not in old_servers:
            site.below(f"server {url}").allows("server-added")


def _is_enough(shown: _Alternative, required: _Alternative) -> bool:
    """Whether a client that sends ``shown`` satisfies an alternative that needs ``required``."""
    return all(scheme in shown and scopes <= shown[scheme] for scheme, scopes in required.items())


def _alternatives(side: Described) -> list[_Alternative]:
    """The alternatives; of a public operation, one that needs nothing."""
    schemes = side.document.get("components", {}).get("securitySchemes", {})
    return [
        {
            _scheme(followed(side.document, schemes.get(name, {})), name): frozenset(scopes)
            for name, scopes in requirement.items()
        }
        for requirement in side.security
    ] or [{}]


def _scheme(scheme: Mapping[str, Any], name: str) -> str:
    """The definition of a scheme: two with other names may be the same."""
    defining = {key: str(scheme[key]).lower() for key in _DEFINING if key in scheme}
    flows = {
        kind: {url: flow[url] for url in _URLS if url in flow}
        for kind, flow in scheme.get("flows", {}).items()
    }
    return in_json({**defining, "flows": flows}) if scheme else name


def _server(server: Mapping[str, Any]) -> str:
    return in_json([server["url"].rstrip("/"), server.get("variables", {})])
