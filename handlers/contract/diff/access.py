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
    known, found = _alternatives(old), _alternatives(new)
    detail = from_to(list(old.security), list(new.security))
    if not all(any(_is_enough(was, now) for now in found) for was in known):
        site.breaks("security", _NOT_LET_IN, detail)
    elif not all(any(_is_enough(now, was) for was in known) for now in found):
        site.allows("security", detail)


def compare_servers(old: Described, new: Described, site: Site) -> None:
    """Record servers that are added or gone."""
    known, found = ({_server(each): each["url"] for each in side.servers} for side in (old, new))
    for server, url in known.items():
        if server not in found:
            site.below(f"server {url}").breaks("server-removed", _NOT_THERE)
    for server, url in found.items():
        if server not in known:
            site.below(f"server {url}").allows("server-added")


def _is_enough(given: _Alternative, asked: _Alternative) -> bool:
    """Whether a client that shows ``given`` meets an alternative that asks for ``asked``."""
    return all(scheme in given and scopes <= given[scheme] for scheme, scopes in asked.items())


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
    said = {key: str(scheme[key]).lower() for key in _SAYS if key in scheme}
    flows = {
        kind: {url: flow[url] for url in _URLS if url in flow}
        for kind, flow in scheme.get("flows", {}).items()
    }
    return in_json({**said, "flows": flows}) if scheme else name


def _server(server: Mapping[str, Any]) -> str:
    return in_json([server["url"].rstrip("/"), server.get("variables", {})])
