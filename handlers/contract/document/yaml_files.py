"""Reads one YAML file of `openapi/` as JSON values."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from handlers.contract.document.contract import ContractError
from handlers.contract.document.validators import pointer_to

# The C parser is five times as fast, which shortens the start.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_file(path: Path, name: str = "") -> dict[str, Any]:
    """The mapping in one YAML file; dates stay text, as in JSON.

    ``name``: the name of the file in errors. Raises ContractError, with the line, where it can't be
    read.
    """
    name = name or path.name
    try:
        loader = _Loader(path.read_text("utf-8"))
        content = _value(loader, loader.get_single_node(), name + "#")
    except OSError as error:
        raise ContractError(f"{name}#: can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ContractError(f"{name}#: is not UTF-8") from error
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise ContractError(f"{name}#: {line}{error.problem}") from error
    except yaml.YAMLError as error:
        raise ContractError(f"{name}#: {str(error).splitlines()[0]}") from error
    return mapping(content, name + "#")


def mapping(value: Any, place: str) -> dict[str, Any]:
    """``value``, a mapping. Raises ContractError, naming ``place``, for anything else."""
    if not isinstance(value, dict):
        raise ContractError(f"{place}: is not a mapping")
    return value


def _value(loader: Any, node: yaml.Node | None, place: str) -> Any:
    """The JSON value of a node; YAML's own scalar types, such as dates, stay text."""
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
