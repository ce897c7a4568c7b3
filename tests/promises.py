"""`python -m tests.promises FOLDER`: checks the counts of `tests.support.presence`.

The contract requires properties that every response has, except those in OPTIONAL. For a reliable
result, schemas with optional properties must occur often enough. Exit code 1 for a finding, 2 where
the runs were incomplete or used another contract.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from handlers.contract.document.bundle import load_contract
from tests.support.exchange_validator import declared_response
from tests.support.presence import JSON, Presence, digest_of, parts_of, resolved

ENOUGH = 20
# By schema and property: the reason why it is not required although all responses have it.
OPTIONAL: dict[tuple[str, str], str] = {}
# By schema: the reason why it occurs less often than ENOUGH.
RARE: dict[str, str] = {}
TESTS = Path(__file__).parent
# Tests with a run of their own, which send no requests.
APART = ("deploy/", "requirements/")


class Partial(Exception):
    """The runs do not cover all tests of this contract."""


def collected(folder: Path, files: set[str], digest: str) -> Presence:
    """The sum of all counts below ``folder``.

    Raises Partial unless all of ``files`` ran completely, with the contract of this ``digest``.
    """
    presence, ran = Presence(), set()
    for path in sorted(folder.rglob("*.json")):
        found = json.loads(path.read_text("utf-8"))
        if found["digest"] != digest:
            raise Partial(f"{path.name} is of another contract")
        if found["deselected"]:
            raise Partial(f"{found['deselected']} tests were deselected in {path.name}")
        ran.update(found["files"])
        presence.seen.update(found["seen"])
        presence.present.update(found["present"])
    if missing := sorted(files - ran):
        raise Partial(f"{len(missing)} files did not run, such as {missing[0]}")
    return presence


def findings(
    document: Mapping[str, Any],
    presence: Presence,
    optional: Mapping[tuple[str, str], str],
    rare: Mapping[str, str],
) -> Iterator[str]:
    """Yield a message for every fault of `required` and of the two tables."""
    promised = dict(_promised(document))
    for place, names in promised.items():
        often = presence.seen[place]
        always = {name for name in names if presence.present[f"{place}/{name}"] == often}
        if often < ENOUGH:
            if place not in rare:
                yield f"{place} came {often} times, not {ENOUGH}: nothing says what it always has"
            continue
        if place in rare:
            yield f"{place} came {often} times: it is not rare"
        for name in sorted(always):
            if (place, name) not in optional:
                yield f"{place}/{name} is in all of {often} responses, and not required"
        for name in sorted(part for at, part in optional if at == place and part not in always):
            yield f"{place}/{name} needs no reason: not all responses have it"
    for place in sorted({*rare, *(at for at, _ in optional)} - promised.keys()):
        yield f"{place} has no property that is not required"


def _promised(document: Mapping[str, Any]) -> Iterator[tuple[str, set[str]]]:
    """Yield the places of schemas in responses, with their optional properties."""
    seen: set[str] = set()
    for path, item in document["paths"].items():
        for method, operation in item.items():
            for status in operation["responses"]:
                response = declared_response(document, method, path, int(status)) or {}
                if media := response.get("content", {}).get(JSON):
                    place = f"{method.upper()} {path} {status}"
                    yield from _below(document, media["schema"], place, seen)


def _below(
    document: Mapping[str, Any], schema: Any, place: str, seen: set[str]
) -> Iterator[tuple[str, set[str]]]:
    if not isinstance(schema, dict):
        return
    schema, place = resolved(document, schema, place)
    if place in seen:
        return
    seen.add(place)
    properties = schema.get("properties", {})
    if names := properties.keys() - set(schema.get("required", ())):
        yield place, set(names)
    members = [(f"/{name}", part) for name, part in properties.items()]
    members += [("/items", schema.get("items")), ("/*", schema.get("additionalProperties"))]
    for at, part in [*parts_of(schema), *members]:
        yield from _below(document, part, place + at, seen)


def main(folder: Path) -> int:
    document = load_contract().document
    files = {path.relative_to(TESTS).as_posix() for path in TESTS.rglob("test_*.py")}
    expected = {name for name in files if not name.startswith(APART)}
    try:
        presence = collected(folder, expected, digest_of(document))
    except Partial as error:
        sys.stderr.write(f"Nothing can be judged: {error}.\n")
        return 2
    lines = list(findings(document, presence, OPTIONAL, RARE))
    sys.stdout.writelines(f"{part}\n" for part in lines)
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
