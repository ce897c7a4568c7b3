"""The filters of seller lists, compiled from the query parameters of the contract.

Every parameter that is not for paging is a filter; its name has the path and the operator.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from domain.shared.filters import Condition, Operator, parse_filter
from handlers.contract.document.bundle import Contract, ContractError
from handlers.contract.document.validators import pointer_to
from handlers.contract.operations.operations import Operation


class Listing(Protocol):
    """The rows behind one list."""

    def supports(self, path: str, operator: Operator) -> bool:
        """Whether rows can be compared at ``path`` by ``operator``."""

    def can_sort(self, path: str) -> bool:
        """Whether rows can be sorted by ``path``."""


_SCHEME = "SellerToken"
_PAGING = frozenset({"page", "limit", "ordering", "cursor"})


class Filters:
    """The filters of all seller lists, by operationId."""

    def __init__(
        self,
        contract: Contract,
        operations: Iterable[Operation],
        listings: Mapping[str, Listing],
    ) -> None:
        """``listings`` by resource. Raises ContractError, naming file and pointer, for a parameter
        that the rows can't be compared by, and a value of `ordering` that they can't be sorted by.
        """
        self._by_operation = {}
        for operation in operations:
            if any(_SCHEME in names for names in operation.security):
                listing = listings[operation.resource]
                self._by_operation[operation.operation_id] = _parsed(contract, operation, listing)
                _check_ordering(contract, operation, listing)

    def conditions(self, operation: Operation, values: Mapping[str, Any]) -> tuple[Condition, ...]:
        """The conditions for the values of an operation's filters."""
        parsed = self._by_operation[operation.operation_id]
        return tuple(Condition(*parsed[name], value) for name, value in values.items())


def _parsed(
    contract: Contract, operation: Operation, listing: Listing
) -> dict[str, tuple[str, Operator]]:
    parsed = {}
    for place, parameter in _query(contract, operation):
        name = parameter["name"]
        if name in operation.parameters.query_names - _PAGING:
            parsed[name] = parse_filter(name)
            if not listing.supports(*parsed[name]):
                raise ContractError(f"{place}: {name} compares nothing of {operation.resource}")
    return parsed


def _check_ordering(contract: Contract, operation: Operation, listing: Listing) -> None:
    for place, parameter in _query(contract, operation):
        schema = _resolved(contract, parameter["schema"])
        for field in schema.get("enum", ()) if parameter["name"] == "ordering" else ():
            if not listing.can_sort(field.removeprefix("-")):
                raise ContractError(f"{place}: {field} sorts nothing of {operation.resource}")


def _query(contract: Contract, operation: Operation) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The parameters of an operation's query, with their places."""
    spec = contract.document["paths"][operation.path][operation.method]
    for at, described in enumerate(spec.get("parameters", ())):
        parameter = _resolved(contract, described)
        if parameter["in"] == "query":
            yield contract.origin(operation.pointer + pointer_to("parameters", at)), parameter


def _resolved(contract: Contract, spec: Mapping[str, Any]) -> Mapping[str, Any]:
    """``spec``, or the component that it refers to."""
    while "$ref" in spec:
        kind, name = spec["$ref"].split("/")[-2:]
        spec = contract.document["components"][kind][name]
    return spec
