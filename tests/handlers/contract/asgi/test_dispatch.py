from typing import Any

import pytest
from flask import Response, current_app, g, request, session
from werkzeug.routing import MapAdapter

from handlers.contract.asgi.dispatch import ContractFlask, static_rules


def view(**path: str) -> Response:
    return Response(
        f"{request.method} {path} {request.url}", headers={"X-Rule": f"{request.endpoint}"}
    )


@pytest.fixture
def app() -> ContractFlask:
    app = ContractFlask("things", static_folder=None)
    app.add_url_rule("/things/", "list", view, methods=["GET"])
    app.add_url_rule("/things/all/", "all", view, methods=["POST"])
    app.add_url_rule("/things/<pk>/", "one", view, methods=["GET"])
    app.static_rules = static_rules(app.url_map.iter_rules())
    return app


@pytest.fixture(params=["plain", "SERVER_NAME", "TRUSTED_HOSTS"])
def either(app: ContractFlask, request: pytest.FixtureRequest) -> ContractFlask:
    """The application with our URL adapter, and with Flask's own."""
    if request.param != "plain":
        app.config[request.param] = "localhost" if request.param == "SERVER_NAME" else ["localhost"]
    return app


@pytest.mark.parametrize(
    ("method", "path", "status", "rule"),
    [
        ("GET", "/things/", 200, "list"),
        ("HEAD", "/things/", 200, "list"),
        ("POST", "/things/", 405, None),
        ("GET", "/things/all/", 405, None),
        ("POST", "/things/all/", 200, "all"),
        ("GET", "/things/7/", 200, "one"),
        ("DELETE", "/things/7/", 405, None),
        ("OPTIONS", "/things/all/", 200, None),
        ("GET", "/other/", 404, None),
    ],
)
def test_static_paths_take_precedence_over_templates(
    either: ContractFlask, method: str, path: str, status: int, rule: str | None
) -> None:
    response = either.test_client().open(path, method=method)

    assert (response.status_code, response.headers.get("X-Rule")) == (status, rule)


@pytest.mark.parametrize("path", ["/things/", "/things/7/"])
def test_a_protocol_upgrade_is_refused(app: ContractFlask, path: str) -> None:
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket"}

    assert app.test_client().get(path, headers=upgrade).status_code == 400


def test_the_url_adapter_equals_flask_s(app: ContractFlask) -> None:
    def bound(make: Any) -> dict[str, Any]:
        environ = app.test_request_context(
            "/things/%C5%9F/?q=%C5%9F&r=1",
            base_url="https://Shop.example:8443/shop",
            method="POST",
        ).request
        adapter: MapAdapter = make(environ)
        names = ("server_name", "script_name", "subdomain", "url_scheme", "path_info")
        return {name: getattr(adapter, name) for name in (*names, "default_method", "query_args")}

    assert bound(app.create_url_adapter) == bound(super(ContractFlask, app).create_url_adapter)


def test_functions_before_requests_run(app: ContractFlask) -> None:
    app.before_request(lambda: Response("before"))

    assert app.test_client().get("/things/").text == "before"


class TestSessions:
    @pytest.fixture(autouse=True)
    def counting(self, app: ContractFlask) -> None:
        def count() -> str:
            session["count"] = session.get("count", 0) + 1
            return f"{session['count']}"

        app.add_url_rule("/count/", "count", count)

    def test_work_with_a_secret_key(self, app: ContractFlask) -> None:
        app.secret_key = "k" * 32
        client = app.test_client()

        assert [client.get("/count/").text for _ in range(2)] == ["1", "2"]

    def test_can_not_be_changed_without_a_secret_key(self, app: ContractFlask) -> None:
        app.testing = True

        with pytest.raises(RuntimeError, match="secret key"):
            app.test_client().get("/count/")


def test_requests_share_no_state(app: ContractFlask) -> None:
    def look() -> str:
        seen = "mark" in g
        g.mark = current_app.name
        return str(seen)

    app.add_url_rule("/look/", "look", look)

    assert [app.test_client().get("/look/").text for _ in range(2)] == ["False", "False"]
