"""Reads one self-contained OpenAPI document: a file in YAML or JSON, or a mapping."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from handlers.contract.document.bundle import check_document
from handlers.contract.document.contract import Contract, ContractError, child
from handlers.contract.document.methods import METHODS
from handlers.contract.document.validators import pointer_to
from handlers.contract.document.yaml_files import mapping, read_file

_MAPPING = "document"


def read_document(source: Path | Mapping[str, Any]) -> Contract:
    """The contract in one document, whose references all lead to its own components.

    Raises ContractError for the first fault found: in the syntax, the references, the names of
    operations, or against the OpenAPI 3.1 schema.
    """
    if isinstance(source, Path):
        document, name = read_file(source), source.name
    else:
        document, name = dict(source), _MAPPING
    contract = Contract(document, _resources(document, name), {"": f"{name}#"})
    check_document(contract)
    for reference, pointer in _references(document, ""):
        if not _is_component(document, reference):
            place = contract.origin(pointer)
            raise ContractError(f"{place}/$ref: only components of the document can be referred to")
    return contract


def _resources(document: Mapping[str, Any], name: str) -> dict[str, str]:
    resources: dict[str, str] = {}
    for path, item in mapping(document.get("paths", {}), f"{name}#/paths").items():
        place = f"{name}#{pointer_to('paths', path)}"
        for method in METHODS:
            if method in mapping(item, place):
                operation = mapping(item[method], f"{place}/{method}")
                operation_id = operation.get("operationId")
                if not isinstance(operation_id, str):
                    raise ContractError(f"{place}/{method}: operationId is missing")
                if operation_id in resources:
                    reason = f"{operation_id} is already another operation"
                    raise ContractError(f"{place}/{method}/operationId: {reason}")
                resources[operation_id] = name.partition(".")[0]
    return resources


def _references(node: Any, pointer: str) -> Iterator[tuple[Any, str]]:
    members = node.items() if isinstance(node, dict) else enumerate(node)
    for key, member in members:
        if key == "$ref" and isinstance(member, str):
            yield member, pointer
        elif isinstance(member, dict | list):
            yield from _references(member, pointer + pointer_to(key))


def _is_component(document: Any, reference: str) -> bool:
    node: Any = document
    for part in reference.removeprefix("#").split("/")[1:]:
        node = child(node, part)
    return reference.startswith("#/components/") and node is not None
