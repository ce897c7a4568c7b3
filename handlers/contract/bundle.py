"""Reads the contract from `openapi/`, where each resource has a file, into one document."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import orjson
import yaml
from jsonschema_rs import Draft202012Validator, Registry

from handlers.contract.judges import pointer_to

# Beside the room `handlers`, in a checkout and when installed.
DIRECTORY = Path(__file__).resolve().parents[2] / "openapi"
ROOT = "openapi.yaml"
# Cookies that no security scheme names: they give no right by themselves.
_OTHER_COOKIES = ("csrftoken", "knowndevice")
# The OpenAPI Initiative's own schema, https://spec.openapis.org/oas/3.1/schema/2022-10-07.
_OPENAPI_SCHEMA = Path(__file__).with_name("openapi-3.1.schema.json")
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
# The C parser is five times as fast, and the start waits for it.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class ContractError(Exception):
    """The contract can't be served; the message names file and JSON pointer."""


@dataclass(frozen=True, eq=False)
class Contract:
    """One self-contained OpenAPI document, and where its parts come from.

    Each is itself only (``eq=False``), so that what is made of one can be kept by it.

    ``document``: every reference in it is `#/components/<kind>/<name>`.
    ``resources``: operationId to the stem of the file that describes it.
    ``origins``: pointers of the document to their places in the files.
    """

    document: dict[str, Any]
    resources: dict[str, str]
    origins: Mapping[str, str] = field(default_factory=dict, repr=False)

    def origin(self, pointer: str) -> str:
        """The place in the files of a pointer of the document; references are followed."""
        parts = self._followed(pointer.split("/")[1:])
        for length in range(len(parts), 0, -1):
            if place := self.origins.get(_joined(parts[:length])):
                return place + _joined(parts[length:])
        return f"{ROOT}#{_joined(parts)}"

    def _followed(self, parts: list[str]) -> list[str]:
        """The same place, written without the references on the way to it."""
        node: Any = self.document
        followed: list[str] = []
        for at, part in enumerate(parts):
            if isinstance(node, dict) and "$ref" in node and _child(node, part) is None:
                followed = node["$ref"].split("/")[1:]
                return self._followed([*followed, *parts[at:]])
            followed.append(part)
            node = _child(node, part)
        return followed


def load_contract(
    directory: Path = DIRECTORY, *, session_cookie: str = "sessionid", cookie_prefix: str = ""
) -> Contract:
    """The contract below ``directory``, with ``session_cookie`` as the session cookie's full name
    and ``cookie_prefix`` before the names of all other cookies.

    Raises ContractError for the first fault found: in the YAML, the references, the names of
    components and operations, or against the OpenAPI 3.1 schema.
    """
    contract = _Bundler(directory).bundle()
    _check(contract)
    _name_cookies(contract.document, session_cookie, cookie_prefix)
    return contract


def read_file(path: Path) -> dict[str, Any]:
    """The mapping in one YAML file; dates in it stay text, as in JSON.

    Raises ContractError where it can't be read, with the line.
    """
    try:
        loader = _Loader(path.read_text("utf-8"))
        content = _value(loader, loader.get_single_node(), path.name + "#")
    except OSError as error:
        raise ContractError(f"{path.name}#: can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ContractError(f"{path.name}#: is not UTF-8") from error
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise ContractError(f"{path.name}#: {line}{error.problem}") from error
    except yaml.YAMLError as error:
        raise ContractError(f"{path.name}#: {str(error).splitlines()[0]}") from error
    return _mapping(content, path.name + "#")


def to_json(contract: Contract) -> bytes:
    """The document as it is published at `/openapi.json`."""
    return orjson.dumps(contract.document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def to_yaml(contract: Contract) -> bytes:
    """The document as it is published at `/openapi.yaml`."""
    text: str = yaml.dump(
        contract.document, Dumper=_ReadableDumper, sort_keys=False, allow_unicode=True, width=100
    )
    return text.encode()


def _write_text(dumper: Any, text: str) -> yaml.ScalarNode:
    """Text of several lines is written as such, not as one line of escapes."""
    style = "|" if "\n" in text else None
    node: yaml.ScalarNode = dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)
    return node


_ReadableDumper: Any = type("_ReadableDumper", (_Dumper,), {})
_ReadableDumper.add_representer(str, _write_text)


def _value(loader: Any, node: yaml.Node | None, place: str) -> Any:
    """What a node says in JSON's terms; YAML's own types of scalar, such as dates, stay text."""
    if isinstance(node, yaml.MappingNode):
        return dict(_members(loader, node, place))
    if isinstance(node, yaml.SequenceNode):
        return [_value(loader, item, f"{place}/{at}") for at, item in enumerate(node.value)]
    if node is None:
        return None
    if node.tag.endswith((":str", ":timestamp")):
        return node.value
    return loader.construct_object(node)


def _members(loader: Any, node: yaml.MappingNode, place: str) -> Iterator[tuple[str, Any]]:
    seen = set()
    for key_node, value_node in node.value:
        key, line = key_node.value, key_node.start_mark.line + 1
        if not key_node.tag.endswith(":str"):
            raise ContractError(f"{place}: line {line}: the key {key} is not text; quote it")
        if key in seen:
            raise ContractError(f"{place}{pointer_to(key)}: line {line}: the key is given twice")
        seen.add(key)
        yield key, _value(loader, value_node, place + pointer_to(key))


class _Bundler:
    """Joins the files that the root leads to, each component under its own name."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        # The root is the first; others are added as references lead to them.
        self._files: dict[str, dict[str, Any]] = {ROOT: read_file(directory / ROOT)}
        self._components: dict[str, dict[str, Any]] = {}
        self._resources: dict[str, str] = {}
        self._origins: dict[str, str] = {}

    def bundle(self) -> Contract:
        root = self._files[ROOT]
        document = {key: value for key, value in root.items() if key != "components"}
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

    def _path_item(self, path: str, found: Any) -> dict[str, Any]:
        file, pointer = ROOT, pointer_to("paths", path)
        place = f"{ROOT}#{pointer}"
        if "$ref" in _mapping(found, place):
            file, pointer = self._target(found["$ref"], ROOT, place)
            found = self._at(file, pointer, place)
            place = f"{file}#{pointer}"
        self._origins[pointer_to("paths", path)] = place
        for method, operation in _mapping(found, place).items():
            if method in _METHODS:
                self._name_operation(operation, file, f"{place}/{method}")
        rewritten: dict[str, Any] = self._rewritten(found, file, place)
        return rewritten

    def _name_operation(self, operation: Any, file: str, place: str) -> None:
        name = _mapping(operation, place).get("operationId")
        if not isinstance(name, str):
            raise ContractError(f"{place}: operationId is missing")
        if name in self._resources:
            other = self._resources[name]
            raise ContractError(f"{place}/operationId: {name} is already in {other}.yaml")
        self._resources[name] = file.removesuffix(".yaml")

    def _hoist_all(self) -> None:
        hoisted: set[str] = set()
        while waiting := [file for file in self._files if file not in hoisted]:
            hoisted.update(waiting)
            for file in waiting:
                for kind, members in _members_of(self._files[file], "components", file):
                    self._hoist(file, kind, members)

    def _hoist(self, file: str, kind: str, members: Any) -> None:
        into = self._components.setdefault(kind, {})
        for name, component in _mapping(members, f"{file}#/components/{kind}").items():
            pointer = pointer_to("components", kind, name)
            place = f"{file}#{pointer}"
            if name in into:
                raise ContractError(f"{place}: already defined at {self._origins[pointer]}")
            self._origins[pointer] = place
            into[name] = self._rewritten(component, file, place)

    def _check_files(self) -> None:
        """Nothing that a person wrote may be left out silently."""
        named = set(self._origins.values())
        for file, content in list(self._files.items())[1:]:
            for key in sorted(content.keys() - {"paths", "components"}):
                raise ContractError(f"{file}#{pointer_to(key)}: belongs in {ROOT}")
            for path, _ in _members_of(content, "paths", file):
                place = f"{file}#{pointer_to('paths', path)}"
                if place not in named:
                    raise ContractError(f"{place}: {ROOT} does not name it")

    def _rewritten(self, node: Any, file: str, place: str) -> Any:
        """A copy in which every reference leads to the components of the one document."""
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
        """The file and pointer of a reference; a file that is new is read."""
        name, _, fragment = str(reference).partition("#")
        target = name or file
        if target not in self._files:
            if not (self._directory / target).is_file():
                raise ContractError(f"{place}/$ref: there is no file {target}")
            self._files[target] = read_file(self._directory / target)
        return target, unquote(fragment)

    def _at(self, file: str, pointer: str, place: str) -> Any:
        node: Any = self._files[file]
        for part in pointer.split("/")[1:]:
            node = _child(node, part)
        if node is None:
            raise ContractError(f"{place}/$ref: {file}#{pointer} does not exist")
        return node


def _name_cookies(document: dict[str, Any], session_cookie: str, prefix: str) -> None:
    """Lets the published contract say what the cookies are called here.

    Security schemes name them, and descriptions do: as `name`, or as `name=<value>`.
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


def _check(contract: Contract) -> None:
    """Judges by the OpenAPI 3.1 schema, and every schema in it by JSON Schema 2020-12."""
    openapi = orjson.loads(_OPENAPI_SCHEMA.read_bytes())
    validator = Draft202012Validator(
        {
            "$id": "urn:waybill:openapi",
            "$ref": openapi["$id"],
            # What the OpenAPI schema leaves open: which dialect a Schema Object speaks.
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
        place = contract.origin(pointer_to(*error.instance_path))
        raise ContractError(f"{place}: {error.message}")


def _mapping(value: Any, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ContractError(f"{place}: is not a mapping")
    return value


def _members_of(content: dict[str, Any], key: str, file: str) -> Iterable[tuple[str, Any]]:
    """What stands below one key of a file, which need not be there."""
    return _mapping(content.get(key, {}), f"{file}#/{key}").items()


def _child(node: Any, part: str) -> Any:
    """The member of a JSON value that one part of a pointer names; None where there is none."""
    if isinstance(node, list):
        return node[int(part)] if part.isdecimal() and int(part) < len(node) else None
    key = part.replace("~1", "/").replace("~0", "~")
    return node.get(key) if isinstance(node, dict) else None


def _joined(parts: list[str]) -> str:
    return "".join(f"/{part}" for part in parts)
