"""Sets of refusals that operations share, expanded into their responses.

The root declares them under `x-refusal-sets`, as maps of statuses to references; an operation names
them in `x-refusals`. All operations have the set `default`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from handlers.contract.document.contract import ROOT, ContractError
from handlers.contract.document.validators import pointer_to
from handlers.contract.document.yaml_files import mapping

SETS = "x-refusal-sets"
_NAMED = "x-refusals"
_DEFAULT = "default"


@dataclass(frozen=True)
class _Refusal:
    response: dict[str, Any]
    place: str


class RefusalSets:
    """The sets of one contract, with their references already rewritten."""

    def __init__(self, sets: Any) -> None:
        place = f"{ROOT}#/{SETS}"
        self._sets = {
            name: {
                status: _refusal(response, place + pointer_to(name, status))
                for status, response in mapping(members, place + pointer_to(name)).items()
            }
            for name, members in mapping(sets, place).items()
        }

    def expand(self, operation: dict[str, Any], place: str) -> dict[str, str]:
        """Add the refusals that ``operation`` names; its own responses stay as they are.

        Returns the places of those added, by status. Raises ContractError for an unknown set, and
        where two sets differ in a status that the operation does not describe itself.
        """
        own = mapping(operation.get("responses", {}), f"{place}/responses")
        added: dict[str, _Refusal] = {}
        for at, name in enumerate(_names(operation.pop(_NAMED, []), f"{place}/{_NAMED}")):
            for status, refusal in self._named(name, f"{place}/{_NAMED}/{at}"):
                if status not in own and added.get(status, refusal).response != refusal.response:
                    reason = f"{status} is already another response, of {added[status].place}"
                    raise ContractError(f"{place}/{_NAMED}/{at}: {name}: {reason}")
                added[status] = refusal
        added = {
            status: refusal
            for status, refusal in (self._sets.get(_DEFAULT, {}) | added).items()
            if status not in own
        }
        if added:
            responses = own | {status: dict(refusal.response) for status, refusal in added.items()}
            operation["responses"] = dict(sorted(responses.items()))
        return {status: refusal.place for status, refusal in added.items()}

    def _named(self, name: str, place: str) -> Iterator[tuple[str, _Refusal]]:
        if name not in self._sets:
            raise ContractError(f"{place}: there is no set {name} in {ROOT}#/{SETS}")
        yield from self._sets[name].items()


def _refusal(response: Any, place: str) -> _Refusal:
    if mapping(response, place).keys() != {"$ref"}:
        raise ContractError(f"{place}: is not a reference to a response")
    return _Refusal(response, place)


def _names(names: Any, place: str) -> list[str]:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ContractError(f"{place}: is not a list of names")
    return names
