from functools import partial
from pathlib import Path

import pytest
from jsonschema_rs import Draft202012Validator

from handlers.auth.cookie_names import name_cookies
from handlers.contract.document.bundle import Contract, ContractError, load_contract
from handlers.contract.document.published import to_json
from handlers.contract.document.yaml_files import read_file

ROOT = """
openapi: 3.1.0
info: {title: Things, version: "1"}
paths:
  /things/{pk}/: {$ref: "things.yaml#/paths/~1things~1%7Bpk%7D~1"}
"""
THINGS = """
paths:
  /things/{pk}/:
    get:
      operationId: getThing
      parameters:
        - {name: pk, in: path, required: true, schema: {$ref: "common.yaml#/components/schemas/Pk"}}
      responses:
        "200": {$ref: "#/components/responses/Thing"}
components:
  responses:
    Thing:
      description: A thing.
      content: {application/json: {schema: {$ref: "common.yaml#/components/schemas/Pk"}}}
"""
COMMON = """
components:
  schemas:
    Pk: {type: integer}
"""
PK = "common.yaml#/components/schemas/Pk"
UNKNOWN_PROPERTY = "Unevaluated properties are not allowed ('%s' was unexpected)"
NO_ALTERNATIVE = "it is not valid under any of the schemas listed in the 'anyOf' keyword"
PATH = "#/paths/~1things~1{pk}~1"


def make_contract(directory: Path, **overrides: str) -> Contract:
    for stem, text in ({"openapi": ROOT, "things": THINGS, "common": COMMON} | overrides).items():
        (directory / f"{stem}.yaml").write_text(text, "utf-8")
    return load_contract(directory)


def make_nested_contract(directory: Path, common: str = COMMON) -> Contract:
    """The same contract, with its files in folders."""
    files = {
        "openapi.yaml": ROOT.replace("things.yaml", "shop/things.yaml"),
        "shop/things.yaml": THINGS.replace("common.yaml", "../shared/common.yaml"),
        "shared/common.yaml": common,
    }
    for name, text in files.items():
        (directory / name).parent.mkdir(exist_ok=True)
        (directory / name).write_text(text, "utf-8")
    return load_contract(directory)


BAD_CONTRACTS: dict[str, tuple[dict[str, str], str]] = {
    "not YAML": (
        {"things": "paths:\n  /things/: [\n"},
        "things.yaml#: line 3: did not find expected node content",
    ),
    "a character that YAML forbids": (
        {"things": "paths: \x07"},
        "things.yaml#: unacceptable character #x0007: control characters are not allowed",
    ),
    "nothing in the file": ({"things": ""}, "things.yaml#: is not a mapping"),
    "a list for a mapping": (
        {"common": COMMON + "paths: []\n"},
        "common.yaml#/paths: is not a mapping",
    ),
    "a key given twice": (
        {"common": COMMON + "    Pk: {type: string}\n"},
        "common.yaml#/components/schemas/Pk: line 5: the key is given twice",
    ),
    "a key that is a number": (
        {"things": THINGS.replace('"200"', "200")},
        f"things.yaml{PATH}/get/responses: line 9: the key 200 is not text; quote it",
    ),
    "a reference to no file": (
        {"things": THINGS.replace("common.yaml#/components/schemas/Pk", "no.yaml#/x", 1)},
        f"things.yaml{PATH}/get/parameters/0/schema/$ref: there is no file no.yaml",
    ),
    "a reference to no component": (
        {"common": COMMON.replace("Pk:", "Id:")},
        f"things.yaml{PATH}/get/parameters/0/schema/$ref: {PK} does not exist",
    ),
    "a reference to something else": (
        {"common": "components: {schemas: {Pk: {$ref: '#/components'}}}"},
        "common.yaml#/components/schemas/Pk/$ref: only components can be referred to",
    ),
    "a path that is nowhere": (
        {"openapi": ROOT.replace("~1things", "~1thing")},
        f"openapi.yaml{PATH}/$ref: things.yaml#/paths/~1thing~1{{pk}}~1 does not exist",
    ),
    "a path that the root forgot": (
        {"things": THINGS.replace("components:", "  /things/: {}\ncomponents:")},
        "things.yaml#/paths/~1things~1: openapi.yaml does not name it",
    ),
    "a key that belongs in the root": (
        {"things": THINGS + "tags: []\n"},
        "things.yaml#/tags: belongs in openapi.yaml",
    ),
    "a component of two files": (
        {"things": THINGS + "  schemas: {Pk: {type: string}}\n"},
        "common.yaml#/components/schemas/Pk: already defined at things.yaml#/components/schemas/Pk",
    ),
    "an operation without a name": (
        {"things": THINGS.replace("operationId: getThing", "summary: Get")},
        f"things.yaml{PATH}/get: operationId is missing",
    ),
    "two operations of one name": (
        {"openapi": ROOT + "  /all/: {get: {operationId: getThing, responses: {}}}\n"},
        "openapi.yaml#/paths/~1all~1/get/operationId: getThing is already in things.yaml",
    ),
    "what OpenAPI does not know": (
        {"things": THINGS.replace("operationId:", "operation: x\n      operationId:")},
        f"things.yaml{PATH}/get: {UNKNOWN_PROPERTY % 'operation'}",
    ),
    "a schema that is none": (
        {"common": COMMON.replace("integer", "whole")},
        f"{PK}/type: {NO_ALTERNATIVE}",
    ),
}


@pytest.fixture(scope="module")
def contract() -> Contract:
    return load_contract()


class TestLoadContract:
    def test_joins_the_files_into_one_document(self, tmp_path: Path) -> None:
        contract = make_contract(tmp_path)

        operation = contract.document["paths"]["/things/{pk}/"]["get"]
        assert operation["responses"] == {"200": {"$ref": "#/components/responses/Thing"}}
        assert contract.document["components"]["schemas"] == {"Pk": {"type": "integer"}}
        assert contract.resources == {"getThing": "things"}

    def test_resolves_references_from_the_folder_of_their_file(self, tmp_path: Path) -> None:
        contract = make_nested_contract(tmp_path)

        assert contract.document["components"]["schemas"] == {"Pk": {"type": "integer"}}
        assert contract.resources == {"getThing": "shop.things"}
        assert (
            contract.origin("/components/schemas/Pk")
            == "shared/common.yaml" + PK[len("common.yaml") :]
        )

    def test_names_a_file_in_a_folder_by_its_whole_path(self, tmp_path: Path) -> None:
        with pytest.raises(ContractError, match=r"^shared/common\.yaml#: is not a mapping$"):
            make_nested_contract(tmp_path, common="")

    @pytest.mark.parametrize("case", BAD_CONTRACTS)
    def test_names_the_file_and_pointer_of_a_fault(self, tmp_path: Path, case: str) -> None:
        files, message = BAD_CONTRACTS[case]

        with pytest.raises(ContractError) as caught:
            make_contract(tmp_path, **files)

        assert str(caught.value) == message

    def test_names_a_missing_root(self, tmp_path: Path) -> None:
        with pytest.raises(ContractError, match=r"openapi\.yaml#: can't be read: No such file"):
            load_contract(tmp_path)

    def test_names_a_file_in_another_encoding(self, tmp_path: Path) -> None:
        (tmp_path / "openapi.yaml").write_bytes("title: Größe".encode("latin-1"))

        with pytest.raises(ContractError, match=r"openapi\.yaml#: is not UTF-8"):
            load_contract(tmp_path)

    def test_accepts_a_path_in_the_root(self, tmp_path: Path) -> None:
        responses = '{"204": {description: None.}}'
        root = ROOT + f"  /all/: {{get: {{operationId: listThings, responses: {responses}}}}}\n"

        contract = make_contract(tmp_path, openapi=root)

        assert contract.resources["listThings"] == "openapi"

    def test_replaces_the_name_of_the_session_cookie(self) -> None:
        named = partial(name_cookies, session_cookie="osessionid", prefix="")
        components = load_contract(adapt=named).document["components"]

        assert components["securitySchemes"]["SessionCookie"]["name"] == "osessionid"
        described = components["parameters"]["SessionCookieHeader"]["description"]
        assert "`osessionid=<value>`" in described
        assert "`sessionid=" not in described

    def test_adds_the_prefix_to_the_names_of_all_cookies(self) -> None:
        named = partial(name_cookies, session_cookie="__Host-sessionid", prefix="__Host-")
        contract = load_contract(adapt=named)

        text = to_json(contract.document).decode()
        schemes = contract.document["components"]["securitySchemes"]
        assert schemes["SessionCookie"]["name"] == "__Host-sessionid"
        assert schemes["OrderGrant"]["name"] == "__Host-ordergrant"
        for name in ("sessionid", "csrftoken", "ordergrant", "knowndevice"):
            assert f"`__Host-{name}" in text
            assert f"`{name}`" not in text
            assert f"`{name}=" not in text
        assert "__Host-__Host-" not in text
        assert "`x-csrftoken`" in text


class TestReadFile:
    def test_reads_dates_as_text(self, tmp_path: Path) -> None:
        (tmp_path / "a.yaml").write_text("{day: 2026-03-01, n: 1, yes: true, no: null}")

        with pytest.raises(ContractError, match="line 1: the key yes is not text; quote it"):
            read_file(tmp_path / "a.yaml")

        (tmp_path / "a.yaml").write_text("{day: 2026-03-01, n: 1, t: true, z: null, l: [1.5]}")
        expected = {"day": "2026-03-01", "n": 1, "t": True, "z": None, "l": [1.5]}
        assert read_file(tmp_path / "a.yaml") == expected


class TestOrigin:
    @pytest.mark.parametrize(
        ("pointer", "place"),
        [
            ("/paths/~1things~1{pk}~1/get", f"things.yaml{PATH}/get"),
            (
                "/paths/~1things~1{pk}~1/get/parameters/0/schema/type",
                "common.yaml#/components/schemas/Pk/type",
            ),
            (
                "/paths/~1things~1{pk}~1/get/responses/200/content/application~1json/schema",
                "things.yaml#/components/responses/Thing/content/application~1json/schema",
            ),
            ("/components/schemas/Pk", "common.yaml#/components/schemas/Pk"),
            ("/components/schemas/Pk/no/such", "common.yaml#/components/schemas/Pk/no/such"),
            ("/info/title", "openapi.yaml#/info/title"),
            ("", "openapi.yaml#"),
        ],
    )
    def test_is_the_file_and_pointer_of_a_part(
        self, tmp_path: Path, pointer: str, place: str
    ) -> None:
        assert make_contract(tmp_path).origin(pointer) == place


class TestBundled:
    def test_every_link_names_an_operation(self, contract: Contract) -> None:
        linked = {
            link["operationId"]
            for item in contract.document["paths"].values()
            for operation in item.values()
            for response in operation["responses"].values()
            for link in response.get("links", {}).values()
        }

        assert linked == {
            "getUserOrder",
            "getOrderCancellation",
            "getOldOrder",
            "createCancellationRequest",
            "createAnonymousCancellationRequest",
            "listCancellationReasons",
            "listCancellationRequests",
            "rejectSellerOrderItem",
        }
        assert linked <= contract.resources.keys()

    def test_every_operation_has_the_responses_of_the_guard(self, contract: Contract) -> None:
        for path, item in contract.document["paths"].items():
            for method, operation in item.items():
                statuses = {"400", "408", "413", "414", "431"}
                if "requestBody" in operation or operation.get("x-requires-json"):
                    statuses.add("415")
                assert statuses <= operation["responses"].keys(), f"{method} {path}"

    def test_every_schema_can_be_compiled(self, contract: Contract) -> None:
        for name in contract.document["components"]["schemas"]:
            schema = {"$ref": f"#/components/schemas/{name}", **contract.document}

            Draft202012Validator(schema, validate_formats=True)
