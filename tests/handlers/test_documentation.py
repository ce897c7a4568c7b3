import re

import pytest
import yaml
from starlette.testclient import TestClient

from handlers.app import create_app
from handlers.contract.document.bundle import load_contract
from handlers.contract.document.views import client_document, full_document
from handlers.documentation import View
from handlers.settings import Settings

CONTRACT = load_contract()
ASSETS = next(
    parameter["schema"]["enum"]
    for parameter in CONTRACT.document["paths"]["/docs/assets/{name}"]["get"]["parameters"]
    if parameter.get("name") == "name"
)
PAGES = ("/docs", "/reference", "/docs/errors")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    url = f"sqlite:///{tmp_path_factory.mktemp('unused')}/waybill.sqlite3"
    client: TestClient = create_app(Settings(secret="s" * 32, database_url=url)).test_client()
    return client


def addresses(page: str) -> list[str]:
    return re.findall(r'(?:src|href)="([^"]*)"', page)


@pytest.mark.parametrize("path", PAGES)
class TestPages:
    def test_all_assets_come_from_this_server(self, client: TestClient, path: str) -> None:
        page = client.get(path).text

        loaded = [address for address in addresses(page) if "/assets/" in address]

        assert loaded
        assert all(client.get(address).status_code == 200 for address in loaded)
        assert all(address.startswith(("/", "#")) for address in addresses(page))

    def test_there_are_no_inline_scripts(self, client: TestClient, path: str) -> None:
        response = client.get(path)

        assert "default-src 'self'" in response.headers["content-security-policy"]
        assert not re.search(r"<script(?! src=)|\son\w+=", response.text)

    def test_has_a_link_to_the_login_page_that_leads_back(
        self, client: TestClient, path: str
    ) -> None:
        assert f"/users/login/?next={path}" in addresses(client.get(path).text)


class TestGetDocumentationAsset:
    @pytest.mark.parametrize("name", ASSETS)
    def test_every_listed_file_is_served(self, client: TestClient, name: str) -> None:
        media_type = {"css": "text/css", "js": "text/javascript", "png": "image/png"}

        response = client.get(f"/docs/assets/{name}")

        assert response.status_code == 200
        assert response.headers["content-type"].startswith(media_type[name.rpartition(".")[2]])

    @pytest.mark.parametrize("name", ["README.md", "scalar.LICENSE.txt", "..%2Fdocumentation.py"])
    def test_no_other_file_is_served(self, client: TestClient, name: str) -> None:
        assert client.get(f"/docs/assets/{name}").status_code == 404

    def test_a_file_may_be_cached_forever(self, client: TestClient) -> None:
        response = client.get("/docs/assets/swagger.js")

        assert response.headers["cache-control"] == "public, max-age=31536000, immutable"

    @pytest.mark.parametrize("path", PAGES)
    def test_pages_have_the_hash_of_every_asset_in_its_url(
        self, client: TestClient, path: str
    ) -> None:
        for address in addresses(client.get(path).text):
            if "/assets/" in address:
                tag = client.get(address).headers["etag"]
                assert tag == f'"{address.partition("?v=")[2]}"'


class TestShowErrorCodes:
    def test_every_code_has_an_anchor_its_status_and_its_meaning(self, client: TestClient) -> None:
        schema = CONTRACT.document["components"]["schemas"]["ErrorCode"]

        rows = re.findall(
            r'<tr id="(.*?)">.*?<td>(.*?)</td>.*?<td>(.*?)</td>',
            client.get("/docs/errors").text,
            re.DOTALL,
        )

        assert [code for code, _, _ in rows] == schema["enum"]
        assert [int(status) for _, status, _ in rows] == schema["x-enum-statuses"]
        assert all(meaning.endswith(".") for _, _, meaning in rows)

    def test_the_names_of_fields_are_marked_as_code(self, client: TestClient) -> None:
        assert "<td><code>order_item</code> is not found.</td>" in client.get("/docs/errors").text


class TestShowRedoc:
    def test_redirects_to_the_reference(self, client: TestClient) -> None:
        response = client.get("/redoc", follow_redirects=False)

        assert response.status_code == 308
        assert response.headers["location"] == "/reference"


class TestGetContract:
    @pytest.mark.parametrize(
        ("path", "view"),
        [("/openapi", client_document), ("/openapi.full", full_document)],
    )
    def test_json_and_yaml_are_the_same_document(
        self, client: TestClient, path: str, view: View
    ) -> None:
        assert client.get(f"{path}.json").json() == view(CONTRACT)
        assert yaml.safe_load(client.get(f"{path}.yaml").text) == view(CONTRACT)

    @pytest.mark.parametrize(
        "path",
        [
            "/openapi.json",
            "/openapi.yaml",
            "/openapi.full.json",
            "/openapi.full.yaml",
            "/docs/assets/reference.js",
        ],
    )
    def test_a_matching_etag_gets_304(self, client: TestClient, path: str) -> None:
        tag = client.get(path).headers["etag"]

        response = client.get(path, headers={"If-None-Match": tag})

        assert response.status_code == 304
        assert response.content == b""
        assert response.headers["etag"] == tag
