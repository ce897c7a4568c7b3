"""Clients of a sandbox, with its published credentials."""

from typing import Any
from uuid import UUID

import httpx
from starlette.testclient import TestClient

from domain.trade_ins import OfferLink
from handlers.auth.session_cookies import new_csrf_token
from handlers.auth.trade_in_links import sign_link
from handlers.contract.asgi.routing import ContractApp
from handlers.sandbox.shop import read_shop
from handlers.web.request_context import PARTS
from tests.support.sandbox_exchanges import JSON, Exchange

# The host of the URLs in the document's examples.
HOST = "https://shop.example.com"


class Callers:
    """Sends requests to one sandbox."""

    def __init__(self, app: ContractApp) -> None:
        self._app = app
        self.settings = app.app.extensions[PARTS].settings
        self.document: dict[str, Any] = app.app.extensions[PARTS].contract.document
        self.credentials = read_shop().credentials

    def new(self) -> TestClient:
        """A client without credentials."""
        return TestClient(self._app, base_url=HOST, follow_redirects=False)

    def reset(self) -> None:
        """Reset the sandbox."""
        response = self.new().post("/sandbox/reset/")
        assert response.status_code == 204, response.text

    def send(self, exchange: Exchange) -> httpx.Response:
        """The response to the request of an exchange, from a new client."""
        client = self.new()
        query = exchange.values("query")
        for scheme in exchange.schemes:
            if scheme == "TradeInToken":
                query["token"] = self._offer_token(exchange.operation_id)
            else:
                self._authenticate(client, scheme, exchange.operation_id)
        body = {"json" if exchange.media_type == JSON else "data": exchange.body}
        response: httpx.Response = client.request(
            exchange.method.upper(),
            exchange.path.format(**exchange.values("path")),
            params=query,
            headers=exchange.values("header"),
            **(body if exchange.media_type else {}),
        )
        return response

    def _authenticate(self, client: TestClient, scheme: str, operation_id: str) -> None:
        key = self.credentials["shopper"]["session_key"]
        match scheme:
            case "SessionCookie":
                token = new_csrf_token(key, self.settings)
                client.headers["Cookie"] = f"sessionid={key}; csrftoken={token}"
                client.headers["x-csrftoken"] = token
            case "SessionKey":
                if "Anonymous" in operation_id:
                    guest = self.credentials["guest"]
                    key = self.new().post("/users/orders/anonymous/", json=guest).json()["key"]
                client.headers["Authorization"] = f"Session {key}"
            case "OrderGrant":
                guest = self.credentials["guest"]
                response = client.post("/users/orders/anonymous/", json=guest)
                assert response.status_code == 200, response.text
                client.headers["x-csrftoken"] = client.cookies["csrftoken"]
            case "SellerToken":
                client.headers["Authorization"] = f"Bearer {self.credentials['seller']['token']}"
                client.headers["Content-Type"] = JSON
            case "SellerAuthentication":
                client.headers["Authentication"] = f"Bearer {self.credentials['seller']['token']}"
                client.headers["Content-Type"] = JSON
            case "ShopToken":
                client.headers["Authorization"] = f"Bearer {self.credentials['shop']['token']}"
            case "JsonContentType":
                client.headers["Content-Type"] = JSON
            case _:
                raise NotImplementedError(scheme)

    def _offer_token(self, operation_id: str) -> str:
        [offer] = read_shop().rows["trade_in_offers"]
        return sign_link(OfferLink(UUID(offer["uuid"])), operation_id, self.settings)
