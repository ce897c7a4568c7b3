import pytest

from handlers.contract.document.validators import SchemaValidators, describe, pointer_to

DOCUMENT = {
    "paths": {"/a~b/{pk}/": {"type": "integer"}},
    "components": {
        "schemas": {
            "Order": {
                "properties": {
                    "items": {"items": {"$ref": "#/components/schemas/Item"}},
                    "a/b": {"type": "integer"},
                    "created": {"type": "string", "format": "date-time"},
                }
            },
            "Item": {"required": ["name"], "properties": {"name": {"maxLength": 3}}},
        }
    },
}
ORDER = pointer_to("components", "schemas", "Order")


def reason(value: object) -> str:
    return describe(next(SchemaValidators(DOCUMENT).compile(ORDER).iter_errors(value)))


def test_references_resolve_within_the_document() -> None:
    validator = SchemaValidators(DOCUMENT).compile(ORDER)

    assert validator.is_valid({"items": [{"name": "cup"}]})
    assert not validator.is_valid({"items": [{"name": "kettle"}]})


def test_a_pointer_may_contain_characters_outside_uris() -> None:
    validator = SchemaValidators(DOCUMENT).compile(pointer_to("paths", "/a~b/{pk}/"))

    assert (validator.is_valid(1), validator.is_valid("x")) == (True, False)


def test_formats_are_asserted() -> None:
    assert reason({"created": "yesterday"}) == "/created fails format"


@pytest.mark.parametrize(
    ("value", "described"),
    [
        ({"items": [{"name": "cup"}, {}]}, "/items/1 fails required"),
        ({"items": [{"name": "secret"}]}, "/items/0/name fails maxLength"),
        ({"a/b": "secret"}, "/a~1b fails type"),
    ],
    ids=str,
)
def test_a_failure_is_described_without_the_value(value: object, described: str) -> None:
    assert reason(value) == described


def test_a_failure_of_the_whole_value_is_at_the_root() -> None:
    validator = SchemaValidators({"type": "object"}).compile("")

    assert describe(next(validator.iter_errors([]))) == "/ fails type"


def test_a_pointer_without_a_target_is_refused() -> None:
    with pytest.raises(ValueError, match="/components/schemas/Missing"):
        SchemaValidators(DOCUMENT).compile("/components/schemas/Missing")


def test_a_pointer_escapes_its_parts() -> None:
    assert pointer_to("paths", "/a~b/", 0) == "/paths/~1a~0b~1/0"
    assert pointer_to() == ""
