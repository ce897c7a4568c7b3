"""Names that generated code declares, and bad names, which a good document does not cause.

A name is one that a user of the code can write: a module, class, type, function, method, parameter,
field, constant or member of an enum, but not a variable inside a function.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

# A generator numbers or composes a name where the document gives none.
FORBIDDEN = ("_0", "Type0", "Response200", "InlineObject", "AnyOf", "Value")

_DECLARED = {
    ".java": re.compile(
        r"\b(?:class|interface|enum)\s+(\w+)"
        r"|^\s+(?:public|protected|private)\b[^=;(){}@]*?\b(\w+)\s*[=;(]",
        re.MULTILINE,
    ),
    ".go": re.compile(
        r"^(?:func (?:\([^)]*\) )?|type )(\w+)"  # functions, methods, types
        r"|^\t(\w+) +[\w.*\[\]]+ *(?:=.*|`.*)?$",  # fields, and constants of an enum
        re.MULTILINE,
    ),
    ".ts": re.compile(
        r"\b(?:class|interface|enum|type|function|namespace|const)\s+(\w+)"
        r"|^\s*(?:readonly |public |private |async |static )*['\"]?(\w+)['\"]?\??\s*[:(=]",
        re.MULTILINE,
    ),
}


def bad_names(names: Iterable[str]) -> list[str]:
    """The names with a forbidden part, without duplicates."""
    return sorted({name for name in names if any(part in name for part in FORBIDDEN)})


def declared_names(folder: Path, sources: Iterable[str], runtime: Iterable[str]) -> set[str]:
    """The names that the sources declare, without the runtime; both are patterns in ``folder``.

    Raises FileNotFoundError for a source that was not generated.
    """
    ignored = {path for pattern in runtime for path in folder.glob(pattern)}
    names: set[str] = set()
    for source in sources:
        for path in set(_files(folder / source)) - ignored:
            names |= {path.name.partition(".")[0], *names_in(path.suffix, path.read_text())}
    return names


def names_in(suffix: str, text: str) -> set[str]:
    """The names that a file declares; the suffix selects the language."""
    if suffix == ".py":
        return set(_python_names(ast.parse(text)))
    text = re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.DOTALL)
    return {name for match in _DECLARED[suffix].findall(text) for name in match if name}


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    elif path.is_dir():
        yield from (file for file in path.rglob("*") if file.suffix in (".py", *_DECLARED))
    else:
        raise FileNotFoundError(path)


def _python_names(node: ast.AST) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.ClassDef(name=name):
                yield name
                yield from _python_names(child)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
                arguments = child.args
                all_arguments = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
                yield from (argument.arg for argument in all_arguments)
            case ast.Name(id=name, ctx=ast.Store()):
                yield name
            case _:
                yield from _python_names(child)
