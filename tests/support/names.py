"""The names that code declares, and the terms in them."""

import ast
import re
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from pathlib import Path

# `HTTPError` is HTTP and Error, `page_size` is page and size.
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def names_in(source: str) -> Iterator[tuple[int, str]]:
    """Yield the line and name of declared classes, functions, arguments, attributes and variables.

    Names that the code only uses are declared elsewhere."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                yield node.lineno, node.name
            case ast.arg():
                yield node.lineno, node.arg
            case ast.Name(ctx=ast.Store()):
                yield node.lineno, node.id
            case ast.Attribute(ctx=ast.Store()):
                yield node.lineno, node.attr
            case ast.alias(asname=str(name)):
                yield node.lineno, name
            case (
                ast.ExceptHandler(name=str(name))
                | ast.MatchAs(name=str(name))
                | ast.MatchStar(name=str(name))
                | ast.MatchMapping(rest=str(name))
            ):
                yield node.lineno, name


@cache
def _names_of(path: Path) -> tuple[tuple[int, str], ...]:
    return tuple(names_in(path.read_text("utf-8")))


@cache
def words_of(name: str) -> frozenset[str]:
    """The words of a name, in lower case."""
    return frozenset(word.lower() for word in _WORDS.findall(name))


def has_term(name: str, term: str) -> bool:
    """Whether a name is or contains a term.

    A term of one lower-case word is looked for among the words of the name: `told` is in `_told`
    and in `ToldOnce`. Any other is a whole name: `Spelled`, `answer_once`.
    """
    if term.islower() and term.isalpha():
        return term in words_of(name)
    return name.lstrip("_") == term


def uses_of(terms: Collection[str], folders: Iterable[Path]) -> list[str]:
    """The names with one of the terms, as `path:line: name`; line 0 is the name of the file.

    Names of tests are sentences, and are left out.
    """
    uses = []
    for path in sorted(path for folder in folders for path in folder.rglob("*.py")):
        names = [(0, path.stem), (0, path.parent.name), *_names_of(path)]
        uses += [
            f"{path}:{line}: {name}"
            for line, name in names
            if not name.startswith(("test_", "Test"))
            and any(has_term(name, term) for term in terms)
        ]
    return uses
