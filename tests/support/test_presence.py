import json
from typing import Any

import httpx
import pytest

from tests.support.presence import Collector

DOCUMENT: dict[str, Any] = {
    "paths": {
        "/things/{pk}/": {
            "get": {
                "responses": {
                    "200": {
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}
                        }
                    },
                    "404": {"$ref": "#/components/responses/NotFound"},
                }
            }
        }
    },
    "components": {
        "responses": {
            "NotFound": {
                "content": {
                    "application/json": {
                        "schema": {"type": "object", "properties": {"detail": {}}},
                    }
                }
            }
        },
        "schemas": {
            "Thing": {
                "type": "object",
                "properties": {
                    "pk": {"type": "integer"},
                    "tag": {"oneOf": [{"$ref": "#/components/schemas/Tag"}, {"type": "null"}]},
                    "tags": {"type": "array", "items": {"$ref": "#/components/schemas/Tag"}},
                    "size": {
                        "type": ["object", "null"],
                        "properties": {"width": {}, "height": {}},
                    },
                    "names": {"additionalProperties": {"properties": {"short": {}}}},
                    "special": {"allOf": [{"$ref": "#/components/schemas/Tag"}]},
                    "free": {},
                },
            },
            "Tag": {"type": "object", "properties": {"name": {}, "colour": {}}},
        },
    },
}


def counted(*bodies: Any, status: int = 200, kind: str = "application/json") -> Collector:
    collector = Collector(DOCUMENT)
    for body in bodies:
        request = httpx.Request("GET", "http://testserver/things/5/")
        headers = {"content-type": kind}
        collector.check(request, httpx.Response(status, headers=headers, content=json.dumps(body)))
    return collector


@pytest.mark.parametrize(
    ("body", "place", "names"),
    [
        ({"pk": 5, "other": 1}, "Thing", {"pk"}),
        ({"tag": {"name": "blue"}}, "Tag", {"name"}),
        ({"tags": [{"name": "blue"}]}, "Tag", {"name"}),
        ({"special": {"colour": "blue"}}, "Tag", {"colour"}),
        ({"size": {"width": 1}}, "Thing/size", {"width"}),
        ({"names": {"tr-tr": {"short": "k"}}}, "Thing/names/*", {"short"}),
    ],
    ids=str,
)
def test_counts_objects_by_their_schema(body: Any, place: str, names: set[str]) -> None:
    presence = counted(body).presence

    assert presence.seen[place] == 1
    found = {path for path in presence.present if path.rpartition("/")[0] == place}
    assert found == {f"{place}/{name}" for name in names}


def test_counts_all_entries_of_a_list_and_their_properties() -> None:
    presence = counted({"tags": [{"name": "a"}, {}, {"name": "b"}], "tag": {}}).presence

    assert presence.seen["Tag"] == 4
    assert presence.present["Tag/name"] == 2


def test_does_not_depend_on_the_order() -> None:
    bodies = [{"pk": 1}, {"tag": {"name": "a"}}, {"tag": None, "free": [{}]}]

    assert counted(*bodies).presence == counted(*reversed(bodies)).presence


@pytest.mark.parametrize("body", [{"tag": None}, {"size": None}, {"free": {"name": "a"}}], ids=str)
def test_null_and_free_json_are_not_counted_as_objects(body: Any) -> None:
    assert counted(body).presence.seen == {"Thing": 1}


def test_an_inline_schema_is_identified_by_its_response() -> None:
    presence = counted({"detail": "Not found."}, status=404).presence

    assert presence.present == {"GET /things/{pk}/ 404/detail": 1}


@pytest.mark.parametrize(
    ("status", "kind"), [(500, "application/json"), (200, "text/html")], ids=str
)
def test_ignores_undocumented_responses(status: int, kind: str) -> None:
    assert not counted({"pk": 5}, status=status, kind=kind).presence.seen


def test_ignores_other_paths_and_empty_bodies() -> None:
    collector = Collector(DOCUMENT)

    collector.count("GET", "/others/", 200, "application/json", b"{}")
    collector.count("GET", "/things/5/", 200, "application/json", b"")

    assert not collector.presence.seen
