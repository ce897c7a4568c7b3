"""`ErrorCode` has every code of a response, and no other."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from domain.cancellations.codes import CancellationCode
from domain.shared.errors import Refusal
from handlers.contract.document.bundle import load_contract
from handlers.web.error_responses import status_of

ROOT = Path(__file__).parents[2]
ROOMS = ("domain", "handlers", "persistence")
CODE = re.compile("[a-z]+(_[a-z]+)*")
SCHEMA = load_contract().document["components"]["schemas"]["ErrorCode"]

# Classes that are raised only as a subclass, or with another code.
BASES = {
    "Refusal": "refused",
    "RowErrors": "invalid_rows",
    "RuleBroken": "rule_broken",
    "Conflict": "conflict",
    "Gone": "gone",
    "Forbidden": "forbidden",
}
# Codes that only commands of `waybill` show, and what the command does.
COMMANDS = {
    "email_taken": "adds a user",
    "not_tradable": "makes a trade-in offer",
    "trade_in_open": "makes a trade-in offer",
    "seller_inactive": "makes a seller's token",
    "invalid_name": "makes a token",
    "no_scopes": "makes a token",
    "slug_taken": "adds a seller",
    "invalid_slug": "adds a seller",
    "carrier_taken": "adds a carrier",
    "carrier_inactive": "changes a carrier",
    "invalid_code": "adds a carrier",
    "reason_inactive": "changes a reason",
    "reason_reserved": "changes a reason",
    "not_a_dead_letter": "sends an e-mail again",
    "requests_unsettled": "erases a person",
    "orders_underway": "erases a person",
    "rejected_document": "imports orders",
    "archived": "imports orders",
    "settled_here": "imports orders",
    "erased": "imports orders",
    "invalid_amount": "imports orders",
    "negative_amount": "imports orders",
    "migration_blocked": "migrates",
    "too_many_decimals": "imports orders",
    "too_many_digits": "imports orders",
}


@cache
def nodes() -> list[ast.AST]:
    """All nodes of the server's code."""
    paths = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
    return [node for path in paths for node in ast.walk(ast.parse(path.read_text("utf-8")))]


def texts(node: ast.expr) -> set[str]:
    """The codes in an expression: one, or two of a conditional expression."""
    constants = (
        constant.value for constant in ast.walk(node) if isinstance(constant, ast.Constant)
    )
    return {
        constant for constant in constants if isinstance(constant, str) and CODE.fullmatch(constant)
    }


def codes_of_classes() -> dict[str, str]:
    """The codes of refusals by the name of their class."""
    found = {}
    for node in nodes():
        if isinstance(node, ast.ClassDef):
            for line in node.body:
                if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "code":
                    [found[node.name]] = texts(line.value)
    return found


def codes_of_calls() -> set[str]:
    """The values of the argument ``code`` where refusals are created."""
    keywords = (
        keyword for node in nodes() if isinstance(node, ast.Call) for keyword in node.keywords
    )
    return {code for keyword in keywords if keyword.arg == "code" for code in texts(keyword.value)}


def made_without_a_code() -> set[str]:
    """The names of the classes that are raised without the argument ``code``."""
    names = set()
    for node in nodes():
        if isinstance(node, ast.Raise) and node.exc is not None:
            call = node.exc
            if not isinstance(call, ast.Call):
                names.add(ast.unparse(call))
            elif not any(keyword.arg == "code" for keyword in call.keywords):
                names.add(ast.unparse(call.func))
    return names


def test_the_contract_has_the_codes_of_all_code_paths() -> None:
    raised = set(codes_of_classes().values()) | codes_of_calls() | {*CancellationCode}
    emitted = raised - set(BASES.values()) - COMMANDS.keys()

    assert sorted(SCHEMA["enum"]) == sorted(emitted)


def test_every_code_of_a_command_is_in_use() -> None:
    raised = set(codes_of_classes().values()) | codes_of_calls()

    assert raised >= COMMANDS.keys()
    assert raised >= set(BASES.values())


@pytest.mark.parametrize("base", BASES)
def test_no_base_is_raised_without_a_code(base: str) -> None:
    assert codes_of_classes()[base] == BASES[base]
    # Responses to RowErrors have the codes of its rows.
    assert base == "RowErrors" or base not in made_without_a_code()


def test_variants_have_the_names_of_the_domain() -> None:
    numbered = {code.value: code.name for code in CancellationCode}

    assert SCHEMA["x-enum-varnames"] == [
        numbered.get(code, code.upper()) for code in SCHEMA["enum"]
    ]


STATUSES = dict(zip(SCHEMA["enum"], SCHEMA["x-enum-statuses"], strict=True))


class TestStatuses:
    """`x-enum-statuses` has the status of each code."""

    def test_are_the_statuses_of_the_refusals(self) -> None:
        classes = [subclass for subclass in subclasses(Refusal) if subclass.code in STATUSES]
        answered = {cls.code: status_of(cls.__new__(cls)) for cls in classes}

        assert len(answered) > 25
        assert answered == {code: STATUSES[code] for code in answered}

    def test_of_cancellations_are_the_statuses_of_the_rules(self) -> None:
        ways = {"invalid": 400, "broken": 406, "conflict": 409}
        made = {
            CancellationCode[node.func.value.attr].value: ways[node.func.attr]
            for node in nodes()
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ways
            and isinstance(node.func.value, ast.Attribute)
            and node.func.value.attr in CancellationCode.__members__
        }

        assert made == {code: STATUSES[code] for code in made}
        assert len(made) > 12


def test_the_page_lists_every_code_with_its_status_and_meaning() -> None:
    page = (ROOT / "docs/errors.md").read_text("utf-8")
    columns = (SCHEMA[key] for key in ("enum", "x-enum-statuses", "x-enum-descriptions"))
    # The codes of cancellations have a table of their own with more columns.
    general = [row for row in zip(*columns, strict=True) if not row[0].startswith("cancellation_")]

    listed = re.findall(r"^\| `(\w+)` \| (\d+) \| (.+) \|$", page, re.MULTILINE)

    rows = [(code, int(status), text) for code, status, text in listed]
    assert [row for row in rows if "|" not in row[2]] == general


def subclasses(refusal: type[Refusal]) -> Iterator[type[Refusal]]:
    """All imported subclasses, direct and indirect."""
    for subclass in refusal.__subclasses__():
        yield subclass
        yield from subclasses(subclass)
