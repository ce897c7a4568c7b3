"""Integers may be written as 2.0 or 2e0; imports read an int where the schema has an integer."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.imports.parts import Rejected
from handlers.cli.import_batches import old_order_loader, order_loader
from handlers.cli.import_numbers import integer_reader
from handlers.cli.ndjson import Line, ParsedDocument, parse
from handlers.contract.document.bundle import DIRECTORY
from handlers.contract.document.yaml_files import read_file
from tests.support.documents import (
    line_document,
    old_order_document,
    order_document,
    request_document,
)

# 2.0 and 1e3 stay floats unless the schema has an integer.
FREE = {"weights": [2.0, 1e3, {"deep": 2.0}]}
ORDER = order_document(
    installment_count=6,
    basket=10**15,
    card=2**53,
    installment=12,
    segment=0,
    extra_field=FREE,
    items=[
        line_document(
            quantity=3,
            cancelled_quantity=1,
            attributes=FREE,
            cancellation_requests=[
                request_document(
                    cancellation_type="cancel",
                    status="completed",
                    quantity=1,
                    reason={
                        "translations": {"en-us": {"subject": "It does not fit"}},
                        "order": 100,
                    },
                )
            ],
        ),
        line_document(line=2, product={"sku": "KIT002", "name": "Ibrik"}, state="delivered"),
    ],
)
OLD_ORDER = old_order_document(
    installment_count=3,
    extra_field=FREE,
    items=[{"product": "Cezve", "quantity": 2, "price": "50.00"}],
)
SHAPES = read_file(DIRECTORY / "imports" / "documents.yaml")
LINE = {"type": "object", "properties": {"pk": {"type": ["integer", "null"]}}}
LINES = {"type": ["array", "null"], "items": {"$ref": "#/components/schemas/Line"}}
PLACES = {
    "components": {
        "schemas": {
            "Line": LINE,
            "Free": {"type": "object"},
            "Whole": {"type": "object", "properties": {"lines": LINES, "none": LINES}},
        }
    }
}
NO_DATABASE: Any = None
SPELLINGS = ("{0}", "{0}.0", "{0}.000", "{0}e0", "{1}e-1", "{0}.0E+0")


def in_random_notation(value: Any, draw: Any) -> Any:
    """The document as text, with its ints in random notations."""
    if type(value) is int:
        return draw(st.sampled_from(SPELLINGS)).format(value, 10 * value)
    if isinstance(value, dict):
        members = (
            f"{json.dumps(name)}: {in_random_notation(member, draw)}"
            for name, member in value.items()
        )
        return f"{{{', '.join(members)}}}"
    if isinstance(value, list):
        return f"[{', '.join(in_random_notation(item, draw) for item in value)}]"
    return json.dumps(value)


def line(text: str) -> Line:
    raw = text.encode()
    return Line(1, len(raw), raw)


@pytest.fixture(scope="module", params=["OrderImport", "OldOrderImport"])
def case(request: pytest.FixtureRequest) -> tuple[Any, Any, Any]:
    """A validator, an integer reader, and a document."""
    is_old = request.param == "OldOrderImport"
    loader: Any = (old_order_loader if is_old else order_loader)(NO_DATABASE, "import:tests")
    return loader, integer_reader(SHAPES, request.param), OLD_ORDER if is_old else ORDER


@given(data=st.data())
def test_integers_in_all_notations_are_imported_equally(
    case: tuple[Any, Any, Any], data: st.DataObject
) -> None:
    loader, read, document = case

    parsed = parse(line(in_random_notation(document, data.draw)))

    # Compared as text, where 2 and 2.0 differ.
    assert json.dumps(read(parsed.document)) == json.dumps(document)
    expected = loader.check(ParsedDocument.of(document)).document_hash
    assert loader.check(parsed).document_hash == expected


def test_a_document_with_plain_integers_is_not_changed() -> None:
    assert integer_reader(SHAPES, "OrderImport")(ORDER) is ORDER


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1.5", "A valid integer is required."),
        ("15e-1", "A valid integer is required."),
        ("9007199254740994.0", "Write a number this large without a fraction or an exponent."),
        ("1e18", "Write a number this large without a fraction or an exponent."),
    ],
)
def test_inexact_and_fractional_numbers_are_rejected(text: str, message: str) -> None:
    document = json.dumps(order_document(basket=7777)).replace("7777", text)

    with pytest.raises(Rejected) as caught:
        order_loader(NO_DATABASE, "import:tests").check(parse(line(document)))

    assert (caught.value.pointer, caught.value.message) == ("/basket", message)


def test_the_place_of_a_number_in_a_line_is_named() -> None:
    assert integer_reader(PLACES, "Whole")({"lines": [{"pk": 1}, {"pk": 2.0}], "none": None}) == {
        "lines": [{"pk": 1}, {"pk": 2}],
        "none": None,
    }
    with pytest.raises(Rejected) as caught:
        integer_reader(PLACES, "Whole")({"lines": [{"pk": 1}, {"pk": 1e17}]})

    assert caught.value.pointer == "/lines/1/pk"


def test_a_component_without_integers_is_not_changed() -> None:
    assert integer_reader(PLACES, "Free")({"any": 2.0}) == {"any": 2.0}
