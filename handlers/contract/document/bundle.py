"""Reads the contract from `openapi/`, where each resource has a file, into one document.

References are relative to their file, as in any OpenAPI document.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from posixpath import dirname, join, normpath
from typing import Any
from urllib.parse import unquote

import orjson
from jsonschema_rs import Draft202012Validator, Registry

from handlers.contract.document.contract import ROOT, Contract, ContractError, child
from handlers.contract.document.response_sets import SETS, RefusalSets
from handlers.contract.document.validators import pointer_to
from handlers.contract.document.yaml_files import mapping, read_file

__all__ = ["DIRECTORY", "Contract", "ContractError", "load_contract"]

# Beside the room `handlers`, in a checkout and when installed.
DIRECTORY = Path(__file__).resolve().parents[3] / "openapi"
# The OpenAPI Initiative's own schema, https://spec.openapis.org/oas/3.1/schema/2022-10-07.
_OPENAPI_SCHEMA = Path(__file__).with_name("openapi-3.1.schema.json")
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


def load_contract(
    directory: Path = DIRECTORY,
    *,
    more: Iterable[str] = (),
    adapt: Callable[[dict[str, Any]], None] | None = None,
) -> Contract:
    """The contract below ``directory``.

    ``more``: files there with paths to add, which the root does not name. ``adapt`` changes the
    checked document for one server.

    Raises ContractError for the first fault found: in the YAML, the references, the names of
    components and operations, or against the OpenAPI 3.1 schema.
    """
    contract = _Bundler(directory, more).bundle()
    check_document(contract)
    if adapt is not None:
        adapt(contract.document)
    return contract


class _Bundler:
    """Joins the root and the files that it refers to, with every component under its own name."""

    def __init__(self, directory: Path, more: Iterable[str] = ()) -> None:
        self._directory = directory
        # The root is the first; others are added as references lead to them.
        self._files: dict[str, dict[str, Any]] = {ROOT: read_file(directory / ROOT, ROOT)}
        for name in more:
            self._add(name, read_file(directory / name, name))
        self._components: dict[str, dict[str, Any]] = {}
        self._resources: dict[str, str] = {}
        self._origins: dict[str, str] = {}
        sets = self._files[ROOT].get(SETS, {})
        self._refusals = RefusalSets(self._rewritten(sets, ROOT, f"{ROOT}#/{SETS}"))

    def _add(self, name: str, file: dict[str, Any]) -> None:
        self._files[name] = file
        paths = self._files[ROOT].setdefault("paths", {})
        for path, _ in _members_of(file, "paths", name):
            paths[path] = {"$ref": f"{name}#{pointer_to('paths', path)}"}

    def bundle(self) -> Contract:
        root = self._files[ROOT]
        document = {key: root[key] for key in root if key not in ("components", SETS)}
        document["paths"] = {
            path: self._path_item(path, item) for path, item in _members_of(root, "paths", ROOT)
        }
        self._hoist_all()
        self._check_files()
        document["components"] = {
            kind: dict(sorted(members.items()))
            for kind, members in sorted(self._components.items())
        }
        return Contract(document, self._resources, self._origins)

    def _path_item(self, path: str, item: Any) -> dict[str, Any]:
        file, pointer = ROOT, pointer_to("paths", path)
        place = f"{ROOT}#{pointer}"
        if "$ref" in mapping(item, place):
            file, pointer = self._target(item["$ref"], ROOT, place)
            item = self._at(file, pointer, place)
            place = f"{file}#{pointer}"
        self._origins[pointer_to("paths", path)] = place
        for method, operation in mapping(item, place).items():
            if method in _METHODS:
                self._name_operation(operation, file, f"{place}/{method}")
        rewritten: dict[str, Any] = self._rewritten(item, file, place)
        for method in rewritten.keys() & set(_METHODS):
            origins = self._refusals.expand(rewritten[method], f"{place}/{method}")
            for status, origin in origins.items():
                self._origins[pointer_to("paths", path, method, "responses", status)] = origin
        return rewritten

    def _name_operation(self, operation: Any, file: str, place: str) -> None:
        name = mapping(operation, place).get("operationId")
        if not isinstance(name, str):
            raise ContractError(f"{place}: operationId is missing")
        if name in self._resources:
            other = self._resources[name].replace(".", "/")
            raise ContractError(f"{place}/operationId: {name} is already in {other}.yaml")
        self._resources[name] = file.removesuffix(".yaml").replace("/", ".")

    def _hoist_all(self) -> None:
        hoisted: set[str] = set()
        while waiting := [file for file in self._files if file not in hoisted]:
            hoisted.update(waiting)
            for file in waiting:
                for kind, members in _members_of(self._files[file], "components", file):
                    self._hoist(file, kind, members)

    def _hoist(self, file: str, kind: str, members: Any) -> None:
        into = self._components.setdefault(kind, {})
        for name, component in mapping(members, f"{file}#/components/{kind}").items():
            pointer = pointer_to("components", kind, name)
            place = f"{file}#{pointer}"
            if name in into:
                raise ContractError(f"{place}: already defined at {self._origins[pointer]}")
            self._origins[pointer] = place
            into[name] = self._rewritten(component, file, place)

    def _check_files(self) -> None:
        """Raises ContractError for what the bundle would leave out silently."""
        named = set(self._origins.values())
        for file, content in list(self._files.items())[1:]:
            for key in sorted(content.keys() - {"paths", "components"}):
                raise ContractError(f"{file}#{pointer_to(key)}: belongs in {ROOT}")
            for path, _ in _members_of(content, "paths", file):
                place = f"{file}#{pointer_to('paths', path)}"
                if place not in named:
                    raise ContractError(f"{place}: {ROOT} does not name it")

    def _rewritten(self, node: Any, file: str, place: str) -> Any:
        """A copy whose references lead to the components of the bundle."""
        if isinstance(node, list):
            return [self._rewritten(item, file, f"{place}/{at}") for at, item in enumerate(node)]
        if not isinstance(node, dict):
            return node
        copied = {
            key: self._rewritten(value, file, place + pointer_to(key))
            for key, value in node.items()
        }
        if "$ref" in node:
            target, pointer = self._target(node["$ref"], file, place)
            self._at(target, pointer, place)
            if not pointer.startswith("/components/"):
                raise ContractError(f"{place}/$ref: only components can be referred to")
            copied["$ref"] = f"#{pointer}"
        return copied

    def _target(self, reference: Any, file: str, place: str) -> tuple[str, str]:
        """The file and pointer of a reference; reads the file if necessary."""
        name, _, fragment = str(reference).partition("#")
        target = normpath(join(dirname(file), name)) if name else file
        if target not in self._files:
            if not (self._directory / target).is_file():
                raise ContractError(f"{place}/$ref: there is no file {target}")
            self._files[target] = read_file(self._directory / target, target)
        return target, unquote(fragment)

    def _at(self, file: str, pointer: str, place: str) -> Any:
        node: Any = self._files[file]
        for part in pointer.split("/")[1:]:
            node = child(node, part)
        if node is None:
            raise ContractError(f"{place}/$ref: {file}#{pointer} does not exist")
        return node


def check_document(contract: Contract) -> None:
    """Validate by the OpenAPI 3.1 schema, and the schemas in it by JSON Schema 2020-12.

    Raises ContractError for the first fault.
    """
    openapi = orjson.loads(_OPENAPI_SCHEMA.read_bytes())
    validator = Draft202012Validator(
        {
            "$id": "urn:contract:openapi",
            "$ref": openapi["$id"],
            # The OpenAPI schema leaves the dialect of Schema Objects open.
            "$defs": {
                "schema": {
                    "$dynamicAnchor": "meta",
                    "$ref": "https://json-schema.org/draft/2020-12/schema",
                }
            },
        },
        registry=Registry([(openapi["$id"], openapi)]),
        validate_formats=True,
        mask="it",
    )
    for error in validator.iter_errors(contract.document):
        if error.kind.name == "format" and _is_template(contract, error.instance_path):
            continue
        place = contract.origin(pointer_to(*error.instance_path))
        raise ContractError(f"{place}: {error.message}")


def _is_template(contract: Contract, path: list[str | int]) -> bool:
    """Whether it is a server URL with variables: a template, and no URI reference."""
    node: Any = contract.document
    for part in path:
        node = node[part]
    return path[:1] == ["servers"] and path[-1] == "url" and "{" in node


def _members_of(content: dict[str, Any], key: str, file: str) -> Iterable[tuple[str, Any]]:
    """The members below one key of a file, which may be missing."""
    return mapping(content.get(key, {}), f"{file}#/{key}").items()
