"""Finds the texts to translate in Python files, as an extraction method of Babel."""

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from typing import BinaryIO

from domain.shared import errors

_SENTENCE = re.compile(r"[A-Z].* .*[.?]", re.DOTALL)
_MARKS = {"mark", "translate"}


def messages(
    file: BinaryIO,
    _keywords: Mapping[str, object],
    _comment_tags: Collection[str],
    options: Mapping[str, str],  # noqa: ARG001 - Babel names it
) -> Iterator[tuple[int, None, str, list[str]]]:
    """Yield (line, None, text, []) for each text.

    Texts are a class's ``message``, the first arguments of refusals of the domain, of ``mark`` and
    of ``translate``, sentences in constants of a module, alone or in a dict, and sentences with the
    values of an enum.
    """
    tree = ast.parse(file.read())
    for node in (*_in_calls_and_classes(tree), *_in_constants(tree)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, None, node.value, []


def _in_calls_and_classes(tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(body=body):
                for statement in body:
                    match statement:
                        case ast.Assign(targets=[ast.Name(id="message")], value=value):
                            yield value
                        case ast.Assign(value=ast.Tuple(elts=parts)):
                            yield from filter(_is_sentence, parts)
            case ast.Call(func=ast.Name(id=name), args=[text, *_]) if _has_text_argument(name):
                yield text


def _has_text_argument(name: str) -> bool:
    cls = getattr(errors, name, None)
    return name in _MARKS or (isinstance(cls, type) and issubclass(cls, errors.Refusal))


def _in_constants(tree: ast.Module) -> Iterator[ast.AST]:
    for statement in tree.body:
        match statement:
            case ast.Assign(value=value) | ast.AnnAssign(value=value):
                texts = value.values if isinstance(value, ast.Dict) else [value]
                yield from filter(_is_sentence, texts)


def _is_sentence(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Constant) and bool(_SENTENCE.fullmatch(str(node.value)))
