"""A log-in by e-mail and password over HTTP."""

from typing import Any

from starlette.testclient import TestClient

from handlers.auth.passwords import Argon2Passwords

LOGIN = "/users/login/"
EMAIL = "ayse@example.com"
PASSWORD = "correct horse"
PASSWORD_HASH = Argon2Passwords().hash(PASSWORD)


def log_in(client: TestClient, **overrides: Any) -> Any:
    return client.post(LOGIN, json={"email": EMAIL, "password": PASSWORD} | overrides)


def log_in_by_form(client: TestClient, headers: Any = None, **overrides: str) -> Any:
    fields = {"email": EMAIL, "password": PASSWORD} | overrides
    return client.post(LOGIN, data=fields, headers=headers)


def cookies_of(response: Any) -> dict[str, set[str]]:
    """The attributes of cookies by name."""
    lines = [line.split("; ") for line in response.headers.get_list("set-cookie")]
    return {first.partition("=")[0]: set(attributes) for first, *attributes in lines}
