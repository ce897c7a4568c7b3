"""Third-party documents, mounted with dummies: validated by Schemathesis and openapi-core."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from schemathesis import BaseSchema, Case, Config
from schemathesis.hooks import HookContext
from starlette.testclient import TestClient

from handlers.contract.document.contract import ContractError
from handlers.contract.document.keywords import check_keywords
from handlers.http.statuses import STATUSES
from handlers.http.strict_json import decode_json
from tests.contract.engine import run
from tests.handlers.contract.foreign.dummies import KEY, mount_dummies, read
from tests.handlers.contract.foreign.validated import ValidatedApplication

EXAMPLES = 10  # for each operation, while fuzzing


@dataclass(frozen=True)
class Foreign:
    """A document, its excluded parts, and the limits of its validators.

    ``without``: the error at the start by the part that causes it. ``untried``: operations for
    which no request can be generated. ``written_alike``: the text of a wrong value may equal that
    of a valid one. ``validates_requests``: whether openapi-core can validate requests.
    """

    name: str
    without: Mapping[str, str]
    untried: Collection[str] = ()
    written_alike: bool = False
    validates_requests: bool = True
    has_coverage: bool = True


XML = {"application/xml": "/content/application~1xml/schema: a schema for application/xml"}
FOREIGN = [
    Foreign("petstore.json", XML),
    Foreign(
        "galaxy.yaml",
        {
            **XML,
            "webhooks": "#: the keyword webhooks of a OpenAPI Object",
            "callbacks": "~1planets/post: the keyword callbacks of a Operation Object",
            "$id": "json/schema: the keyword $id of a Schema Object",
            "$defs": "json/schema: the keyword $defs of a Schema Object",
            "$dynamicRef": "items: the keyword $dynamicRef of a Schema Object",
        },
        # It requires read-only properties, which Schemathesis refuses in requests.
        validates_requests=False,
    ),
    Foreign(
        "rclone.yaml",
        {"/paths/~1job~1batch": "Job_BatchPostInputsParam: arrays and objects within a parameter"},
        # Schemathesis sends objects within deepObjects, which OpenAPI does not define.
        untried=["optionsSet"],
        # With the cases of this phase, its hundred operations take a minute.
        has_coverage=False,
    ),
    Foreign(
        "schema-types.json",
        {"nullable": "/nullable: the keyword nullable of a Schema Object"},
        # A body that is a string and an integer.
        untried=["quirks_entirelyIncompatibleAllOf", "quirks_partiallyUsableIncompatibleAllOf"],
    ),
    Foreign(
        "parameters-style.json",
        {
            "/paths/~1cookies": "explode: true` is not defined for arrays in a cookie",
            "/paths/~1cookies#formExploded": "explode: true` is not defined for arrays in a cookie",
            "/paths/~1anything~1form-data~1form/put": "in a style that spreads it",
            "/paths/~1anything~1form-data~1deepObject": "deepObject is for objects alone",
        },
        # Clients take the part after the `#` in the path for a fragment.
        untried=["cookies_form_nonExploded"],
        # All values are strings, and objects of delimited styles are sent as lists of names.
        written_alike=True,
        validates_requests=False,
    ),
]


def make_config(foreign: Foreign) -> Config:
    checks: dict[str, Any] = {
        "negative_data_rejection": {"expected-statuses": ["4xx"]},
        # These documents do not have the engine's own refusals.
        "status_code_conformance": {"enabled": False},
    }
    if foreign.written_alike:
        checks["negative_data_rejection"] = {"enabled": False}
        checks["positive_data_acceptance"] = {"enabled": False}
    generation = {"database": "none", "allow-x00": False, "codec": "utf-8"}
    return Config.from_dict(
        {
            "seed": 1,
            "cache": {"enabled": False},
            "suppress-health-check": ["too_slow"],
            "generation": generation | {"max-examples": EXAMPLES},
            "headers": {"Authorization": f"Bearer {KEY}", "api_key": KEY},
            "phases": {
                "stateful": {"enabled": False},
                "coverage": {"enabled": foreign.has_coverage},
            },
            "checks": checks,
        }
    )


def fits_in_json_text(_context: HookContext, case: Case[Any]) -> bool:
    """Whether a body is within the bounds that the edge has for all JSON."""
    is_positive = case.meta is not None and case.meta.generation.mode.is_positive
    if not is_positive or not isinstance(case.body, dict | list):
        return True
    try:
        decode_json(json.dumps(case.body).encode())
    except ValueError:
        return False
    return True


@pytest.mark.no_cover  # the same lines, thousands of times
# openapi-core warns of OAuth 2, which it does not check.
@pytest.mark.filterwarnings("ignore:Unsupported scheme type:UserWarning")
@pytest.mark.parametrize("foreign", FOREIGN, ids=lambda document: document.name)
def test_validators_report_no_fault(foreign: Foreign) -> None:
    contract = read(foreign.name, foreign.without)
    validated = ValidatedApplication(
        mount_dummies(contract), contract.document, validates_requests=foreign.validates_requests
    )
    schema: BaseSchema = schemathesis.openapi.from_asgi(
        "/openapi.json", validated, config=make_config(foreign)
    )
    schema.location = None
    if foreign.untried:
        schema = schema.exclude(operation_id=list(foreign.untried))
    fits_in_json_text.__name__ = "filter_case"
    schema.hook(fits_in_json_text)

    result = run(schema)

    assert not result.failures, str(result)[:5000]
    assert not validated.faults, "\n".join(validated.faults[:20])
    assert validated.validated > len(contract.resources) * 2
    accepted = sum(result.accepted(label) > 0 for label in result.statuses)
    assert accepted == len(contract.resources) - len(foreign.untried)
    refused = {status for counts in result.statuses.values() for status in counts if status >= 400}
    assert refused <= {int(status) for status in STATUSES.values()} - {500}


@pytest.mark.parametrize("foreign", FOREIGN, ids=lambda document: document.name)
def test_unsupported_parts_stop_the_start_and_are_named(foreign: Foreign) -> None:
    for left_in, result in foreign.without.items():
        contract = read(foreign.name, foreign.without.keys() - {left_in})

        with pytest.raises(ContractError) as error:
            mount_dummies(contract)

        assert str(error.value).startswith(f"{foreign.name}#")
        assert result in str(error.value)


def test_operations_without_operation_ids_are_named() -> None:
    with pytest.raises(ContractError) as error:
        read("security.json")

    assert str(error.value) == "security.json#/paths/~1anything~1apiKey/get: operationId is missing"


@pytest.mark.parametrize("foreign", FOREIGN, ids=lambda document: document.name)
def test_all_other_keywords_are_supported(foreign: Foreign) -> None:
    check_keywords(read(foreign.name, foreign.without))


def test_an_invalid_response_is_detected() -> None:
    contract = read("petstore.json", ["application/xml"])
    app = mount_dummies(contract, {"getPetById": lambda **_: {"name": 1, "photoUrls": []}})

    with TestClient(app) as client:
        response = client.get("/v2/pet/1", headers={"api_key": KEY})

    assert response.status_code == 500
