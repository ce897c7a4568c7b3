"""Finds where an OpenAPI document is not another one plus additions."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

Document = dict[str, Any]

# They explain or advise, and never make a value invalid.
_ANNOTATIONS = {"description", "summary", "title", "example", "examples", "default", "deprecated"}
_COMPARED_BY_PART = {"$ref", "properties", "items", "oneOf"}
# Responses may be restricted further: they still satisfy theirs. Requests may not: each of these
# would refuse requests that theirs accepts.
_TIGHTENING = {"format", "enum"}


@dataclass
class Comparison:
    """Compares ``ours`` with ``theirs``, both bundled.

    ``bounds``: for the names of parameters, the keywords by which ours may refuse more.
    """

    theirs: Document
    ours: Document
    bounds: Mapping[str, AbstractSet[str]]
    _compared: set[tuple[str | None, str | None]] = field(default_factory=set)

    def differences(self) -> Iterator[str]:
        """Every place where an operation of theirs was changed rather than added to."""
        for path, item in self.theirs["paths"].items():
            for method, operation in item.items():
                own = self.ours["paths"].get(path, {}).get(method)
                if own is None:
                    yield f"{method} {path} is missing"
                else:
                    yield from self._operation(operation, own)

    def _operation(self, theirs: Document, own: Document) -> Iterator[str]:
        place = theirs["operationId"]
        for keyword in ("operationId", "tags"):
            yield from _unequal(keyword, theirs, own, place)
        required, offered = (
            _requirements(theirs, self.theirs),
            _requirements(own, self.ours),
        )
        yield from _security(required, offered, place)
        if own.get("requestBody", {}).get("required"):
            yield f"{place}: a body is required"
        yield from self._parameters(theirs["parameters"], own["parameters"], place)
        yield from self._responses(theirs["responses"], own["responses"], place)

    def _parameters(self, theirs: list[Any], own: list[Any], place: str) -> Iterator[str]:
        known = {_key(part): part for part in map(self._at_theirs, theirs)}
        found = {_key(part): part for part in map(self._at_ours, own)}
        for key in known.keys() - found.keys():
            yield f"{place}: the parameter {key} is missing"
        for key, parameter in found.items():
            at = f"{place} {key}"
            if key in known:
                yield from self._parameter(known[key], parameter, at)
            else:
                yield from self._added_parameter(parameter, at)

    def _parameter(self, theirs: Document, own: Document, place: str) -> Iterator[str]:
        yield from _unequal("required", theirs, own, place)
        bounds = self.bounds.get(own["name"], set())
        yield from self._schema(theirs["schema"], own["schema"], place, bounds)

    def _added_parameter(self, own: Document, place: str) -> Iterator[str]:
        """Clients of theirs do not know it: they may have sent any value with that name."""
        if own["required"]:
            yield f"{place} is required"
        schema = _plain(self._at_ours(own["schema"]))
        if schema.get("type") == "string":
            del schema["type"]
        for keyword in schema.keys() - self.bounds.get(own["name"], set()):
            yield f"{place} refuses values by {keyword}"

    def _responses(self, theirs: Document, own: Document, place: str) -> Iterator[str]:
        for status, response in theirs.items():
            if status not in own:
                yield f"{place}: {status} is missing"
                continue
            found = self._at_ours(own[status]).get("content", {})
            for kind, content in response.get("content", {}).items():
                at = f"{place} {status} {kind}"
                if kind in found:
                    yield from self._promised(content["schema"], found[kind]["schema"], at)
                else:
                    yield f"{at} is missing"

    def _schema(
        self, theirs: Document, own: Document, place: str, bounds: AbstractSet[str]
    ) -> Iterator[str]:
        """Of a value that clients send: ours may require nothing that theirs does not."""
        theirs, own = _plain(self._at_theirs(theirs)), _plain(self._at_ours(own))
        for keyword in (theirs.keys() | own.keys()) - bounds:
            yield from _unequal(keyword, theirs, own, place)

    def _promised(self, theirs: Document, own: Document, place: str) -> Iterator[str]:
        """Of a value that clients get: ours may add names to `required`, and a `format` or an
        `enum` where theirs has none. The names of components may differ."""
        references = theirs.get("$ref"), own.get("$ref")
        if references in self._compared:
            return
        if any(references):
            self._compared.add(references)
            place = theirs.get("$ref", place)
        theirs, own = _plain(self._at_theirs(theirs)), _plain(self._at_ours(own))
        if "oneOf" not in theirs:
            own = self._inlined(own)
        for name in set(theirs.get("required", [])) - set(own.get("required", [])):
            yield f"{place}: {name} is not required"
        added = (own.keys() & _TIGHTENING) - theirs.keys()
        for keyword in (theirs.keys() | own.keys()) - _COMPARED_BY_PART - {"required"} - added:
            yield from _unequal(keyword, theirs, own, place)
        properties = own.get("properties", {})
        for name, schema in theirs.get("properties", {}).items():
            if name in properties:
                yield from self._promised(schema, properties[name], f"{place}/{name}")
            else:
                yield f"{place}/{name} is missing"
        if "items" in theirs or "items" in own:
            known, found = theirs.get("items", {}), own.get("items", {})
            yield from self._promised(known, found, f"{place}/items")
        yield from self._alternatives(theirs.get("oneOf", []), own.get("oneOf", []), place)

    def _inlined(self, own: Document) -> Document:
        """Two alternatives, a type and null, as one schema of both types."""
        match own:
            case {"oneOf": [found, {"type": "null"}]} if len(own) == 1:
                named = _plain(self._at_ours(found))
                return named | {"type": [named["type"], "null"]}
        return own

    def _alternatives(self, theirs: list[Any], own: list[Any], place: str) -> Iterator[str]:
        if len(theirs) != len(own):
            yield f"{place}: {len(own)} alternatives for {len(theirs)}"
            return
        for at, (known, found) in enumerate(zip(theirs, own, strict=True)):
            yield from self._promised(known, found, f"{place}/oneOf/{at}")

    def _at_theirs(self, found: Document) -> Document:
        return resolve(self.theirs, found["$ref"]) if "$ref" in found else found

    def _at_ours(self, found: Document) -> Document:
        return resolve(self.ours, found["$ref"]) if "$ref" in found else found


def resolve(document: Document, reference: str) -> Document:
    """The component at `#/components/<kind>/<name>`."""
    _, _, kind, name = reference.split("/")
    component: Document = document["components"][kind][name]
    return component


def _key(parameter: Document) -> tuple[str, str]:
    return parameter["in"], parameter["name"]


def _requirements(operation: Document, document: Document) -> list[Any]:
    found: list[Any] = (operation if "security" in operation else document)["security"]
    return found


def _security(theirs: list[Any], own: list[Any], place: str) -> Iterator[str]:
    """Ours must accept the credentials that theirs accepts, and may accept others.

    It must not add anonymous access.
    """
    enough, ours = theirs or [{}], own or [{}]
    for requirement in enough:
        if requirement not in ours:
            yield f"{place}: {requirement} is not enough"
    if {} in ours and {} not in enough:
        yield f"{place}: anonymous access is added"


def _plain(schema: Document) -> Document:
    return {
        keyword: value
        for keyword, value in schema.items()
        if keyword not in _ANNOTATIONS and not keyword.startswith("x-")
        # Other properties are allowed by default.
        if (keyword, value) != ("additionalProperties", True)
    }


def _unequal(keyword: str, theirs: Document, own: Document, place: str) -> Iterator[str]:
    known, found = theirs.get(keyword), own.get(keyword)
    if known != found:
        yield f"{place}: {keyword} is {found!r}, not {known!r}"
