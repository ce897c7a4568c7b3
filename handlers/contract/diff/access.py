"""Changes of who may call an operation, and where it is."""

from collections.abc import Mapping
from typing import Any

from handlers.contract.diff.changes import Site
from handlers.contract.diff.operations import Described
from handlers.contract.diff.references import followed
from handlers.contract.diff.words import from_to, in_json

_NOT_LET_IN = "what let the client in is not enough"
_NOT_THERE = "a client of this server finds the operation there no more"
# What a scheme is, apart from its name and from what is said about it.
_SAYS = ("type", "name", "in", "scheme", "openIdConnectUrl")
_URLS = ("authorizationUrl", "tokenUrl", "refreshUrl")

# Each alternative: what each of its schemes is, and the scopes that it asks for.
_Alternative = Mapping[str, frozenset[str]]


def compare_security(old: Described, new: Described, site: Site) -> None:
    """Record a change of the alternatives by which clients are let in."""
    old_alternatives, new_alternatives = _alternatives(old), _alternatives(new)
    detail = from_to(list(old.security), list(new.security))
    if not all(any(_is_enough(was, now) for now in new_alternatives) for was in old_alternatives):
        site.breaks("security", _NOT_LET_IN, detail)
    elif not all(any(_is_enough(now, was) for was in old_alternatives) for now in new_alternatives):
        site.allows("security", detail)


def compare_servers(old: Described, new: Described, site: Site) -> None:
    """Record servers that are added or gone."""
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
    """Whether a client that shows ``given`` meets an alternative that asks for ``asked``."""
    return all(scheme in shown and scopes <= shown[scheme] for scheme, scopes in required.items())


def _alternatives(side: Described) -> list[_Alternative]:
    """Where nothing is asked, one alternative that asks for nothing."""
    schemes = side.document.get("components", {}).get("securitySchemes", {})
    return [
        {
            _scheme(followed(side.document, schemes.get(name, {})), name): frozenset(scopes)
            for name, scopes in requirement.items()
        }
        for requirement in side.security
    ] or [{}]


def _scheme(scheme: Mapping[str, Any], name: str) -> str:
    """What a scheme is: two of other names may be the same."""
    defining = {key: str(scheme[key]).lower() for key in _SAYS if key in scheme}
    flows = {
        kind: {url: flow[url] for url in _URLS if url in flow}
        for kind, flow in scheme.get("flows", {}).items()
    }
    return in_json({**defining, "flows": flows}) if scheme else name


def _server(server: Mapping[str, Any]) -> str:
    return in_json([server["url"].rstrip("/"), server.get("variables", {})])
