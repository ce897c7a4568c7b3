from pathlib import Path
from typing import Any

import pytest

from handlers.contract.document.bundle import load_contract
from handlers.contract.document.contract import Contract, ContractError

ROOT = """
openapi: 3.1.0
info: {title: Things, version: "1"}
x-refusal-sets:
  default:
    "400": {$ref: "common.yaml#/components/responses/Bad"}
    "500": {$ref: "common.yaml#/components/responses/Broken"}
  session:
    "401": {$ref: "common.yaml#/components/responses/NoSession"}
  seller:
    "400": {$ref: "common.yaml#/components/responses/BadQuery"}
    "401": {$ref: "common.yaml#/components/responses/NoToken"}
paths:
  /things/: {$ref: "things.yaml#/paths/~1things~1"}
"""
THINGS = """
paths:
  /things/:
    get:
      operationId: listThings
      responses:
        "200": {description: Things.}
"""
COMMON = """
components:
  responses:
    Bad: {description: Bad.}
    BadQuery: {description: Bad query.}
    Broken: {description: Broken.}
    NoSession: {description: No session.}
    NoToken: {description: No token.}
"""
OPERATION = "things.yaml#/paths/~1things~1/get"
SETS = "openapi.yaml#/x-refusal-sets"


def make_contract(
    directory: Path, named: str = "[]", root: str = ROOT, things: str = THINGS
) -> Contract:
    things = things.replace("responses:", f"x-refusals: {named}\n      responses:")
    for stem, text in {"openapi": root, "things": things, "common": COMMON}.items():
        (directory / f"{stem}.yaml").write_text(text, "utf-8")
    return load_contract(directory)


def refusals(contract: Contract) -> dict[str, str]:
    """The names of response components by status, without inline responses."""
    responses: dict[str, Any] = contract.document["paths"]["/things/"]["get"]["responses"]
    return {
        status: response["$ref"].removeprefix("#/components/responses/")
        for status, response in responses.items()
        if "$ref" in response
    }


class TestRefusalSets:
    def test_every_operation_has_the_default_set(self, tmp_path: Path) -> None:
        contract = make_contract(tmp_path)

        assert refusals(contract) == {"400": "Bad", "500": "Broken"}

    def test_an_operation_has_the_sets_that_it_names(self, tmp_path: Path) -> None:
        contract = make_contract(tmp_path, "[session]")

        assert refusals(contract) == {"400": "Bad", "401": "NoSession", "500": "Broken"}

    def test_a_named_set_takes_precedence_over_the_default_one(self, tmp_path: Path) -> None:
        contract = make_contract(tmp_path, "[seller]")

        assert refusals(contract) == {"400": "BadQuery", "401": "NoToken", "500": "Broken"}

    def test_own_responses_take_precedence_over_sets(self, tmp_path: Path) -> None:
        things = THINGS + '        "401": {description: Its own.}\n'

        contract = make_contract(tmp_path, "[session, seller]", things=things)

        assert refusals(contract) == {"400": "BadQuery", "500": "Broken"}

    def test_statuses_are_in_order(self, tmp_path: Path) -> None:
        contract = make_contract(tmp_path, "[session]")

        responses = contract.document["paths"]["/things/"]["get"]["responses"]
        assert list(responses) == ["200", "400", "401", "500"]

    def test_the_document_does_not_contain_the_sets(self, tmp_path: Path) -> None:
        contract = make_contract(tmp_path, "[session]")

        assert "x-refusal-sets" not in contract.document
        assert "x-refusals" not in contract.document["paths"]["/things/"]["get"]

    def test_the_origin_of_a_response_is_its_set(self, tmp_path: Path) -> None:
        contract = make_contract(tmp_path, "[session]")

        place = contract.origin("/paths/~1things~1/get/responses/401")

        assert place == f"{SETS}/session/401"

    @pytest.mark.parametrize(
        ("named", "message"),
        [
            ("[sesion]", f"{OPERATION}/x-refusals/0: there is no set sesion in {SETS}"),
            ("session", f"{OPERATION}/x-refusals: is not a list of names"),
            ("[{session: 1}]", f"{OPERATION}/x-refusals: is not a list of names"),
            (
                "[session, seller]",
                (
                    f"{OPERATION}/x-refusals/1: seller: 401 is already another response, of"
                    f" {SETS}/session/401"
                ),
            ),
        ],
    )
    def test_names_the_place_of_a_fault(self, tmp_path: Path, named: str, message: str) -> None:
        with pytest.raises(ContractError) as caught:
            make_contract(tmp_path, named)

        assert str(caught.value) == message

    @pytest.mark.parametrize(
        ("declared", "message"),
        [
            ("x-refusal-sets: []", f"{SETS}: is not a mapping"),
            ("x-refusal-sets: {session: []}", f"{SETS}/session: is not a mapping"),
            (
                "x-refusal-sets: {session: {'401': {description: None.}}}",
                f"{SETS}/session/401: is not a reference to a response",
            ),
            (
                "x-refusal-sets: {session: {'401': {$ref: 'common.yaml#/components/no/such'}}}",
                f"{SETS}/session/401/$ref: common.yaml#/components/no/such does not exist",
            ),
        ],
    )
    def test_names_the_place_of_an_invalid_set(
        self, tmp_path: Path, declared: str, message: str
    ) -> None:
        start, _, rest = ROOT.partition("x-refusal-sets:")
        root = start + declared + "\n" + rest[rest.index("paths:") :]

        with pytest.raises(ContractError) as caught:
            make_contract(tmp_path, root=root)

        assert str(caught.value) == message
