"""Every request and response that is valid under the document for clients is valid under the
complete one.

The comparison is that of `waybill contract diff`, once in each direction: a client of one document
uses a server of the other.
"""

from copy import deepcopy
from typing import Any

import pytest

from handlers.contract.diff.changes import REQUESTS, RESPONSES
from handlers.contract.diff.comparison import compare_documents
from handlers.contract.document.bundle import load_contract
from handlers.contract.document.validators import SchemaValidators, pointer_to
from handlers.contract.document.views import client_document, full_document

CONTRACT = load_contract()
# The complete document has formats of our own, whose values the comparison does not know.
BOUNDS = {
    "format requests Currency": "each value of the client's enum is one, see below",
    "format requests HourAndMinute": "the pattern beside it, which both have, says the same",
    "format requests JsonFilter": "no standard format says that a text is JSON",
    "format requests MomentFilter": "the pattern beside it says the same",
    "maxLength requests MomentFilter": "a fraction of more than ten digits",
    "pattern requests MomentFilter": "date-time has the year 0000 and leap seconds, too",
}
# Responses for people, which the document for clients leaves out.
LEFT_OUT = ("media-type-removed ", "status-removed ")


def beyond(client: dict[str, Any], full: dict[str, Any]) -> set[str]:
    """The changes by which the client's document allows more than the complete one."""
    requests = compare_documents(client, full)
    responses = compare_documents(full, client)
    found = [request for request in requests if request.direction == REQUESTS]
    found += [
        response
        for response in responses
        if response.direction == RESPONSES and not response.identifier.startswith(LEFT_OUT)
    ]
    return {change.identifier for change in found if change.breaking}


class TestClientDocument:
    def test_allows_only_what_the_full_document_allows(self) -> None:
        assert beyond(client_document(CONTRACT), full_document(CONTRACT)) == set(BOUNDS)

    def test_names_only_known_currencies(self) -> None:
        parameters = client_document(CONTRACT)["paths"]["/api/i1/orders/"]["get"]["parameters"]
        [schema] = [
            parameter["schema"] for parameter in parameters if parameter.get("name") == "currency"
        ]
        client = client_document(CONTRACT)["components"]["schemas"]
        values = (
            client[schema["$ref"].rpartition("/")[2]]["enum"]
            if "$ref" in schema
            else schema["enum"]
        )
        validator = SchemaValidators(CONTRACT.document).compile(
            pointer_to("components", "schemas", "CurrencyFilter")
        )

        assert values
        assert all(validator.is_valid(value) for value in values)

    @pytest.mark.parametrize(
        ("path", "keyword", "value"),
        [
            (
                ("components", "schemas", "UserOrder", "properties", "pk", "type"),
                "responses",
                "string",
            ),
            (("components", "schemas", "CancellationDraft", "required"), "requests", []),
            (("components", "schemas", "UserOrder", "required"), "responses", []),
        ],
    )
    def test_a_wider_schema_is_detected(
        self, path: tuple[str, ...], keyword: str, value: Any
    ) -> None:
        client = deepcopy(client_document(CONTRACT))
        place: Any = client
        for part in path[:-1]:
            place = place[part]
        place[path[-1]] = value

        new = beyond(client, full_document(CONTRACT)) - set(BOUNDS)

        assert new
        assert all(keyword in schema for schema in new)
