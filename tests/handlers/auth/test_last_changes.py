"""The position after a client's last change: in a signed cookie, or in Redis."""

from typing import Any
from unittest.mock import Mock

import pytest
from fakeredis import FakeRedis, FakeServer
from flask import Request, Response
from redis.exceptions import ConnectionError as RedisConnectionError
from starlette.testclient import TestClient
from werkzeug.test import EnvironBuilder

from domain.shared.errors import Unavailable
from domain.shared.positions import ORIGIN, Position
from handlers.auth.last_changes import (
    last_change,
    parse_position,
    set_last_change,
    write_position,
)
from handlers.auth.passwords import Argon2Passwords
from handlers.auth.shared_positions import LIFETIME_SECONDS, SharedPositions
from handlers.settings import Settings
from tests.support.application import Shop

REDIS_URL = "redis://redis.example.com/0"
SETTINGS = Settings(secret="s" * 32, limits_storage=REDIS_URL)
POSITION = Position(3, 2**40)


class TestText:
    @pytest.mark.parametrize("position", [ORIGIN, POSITION, Position(2**31, 2**63)])
    def test_is_read_back(self, position: Position) -> None:
        assert parse_position(write_position(position)) == position

    def test_sorts_like_positions(self) -> None:
        positions = [Position(1, 9), Position(1, 10), Position(1, 2**40), Position(16, 0)]

        assert sorted(map(write_position, positions)) == list(map(write_position, positions))


class TestCookie:
    @staticmethod
    def request(cookie: str = "") -> Request:
        return Request(EnvironBuilder(headers=[("Cookie", cookie)]).get_environ())

    def cookie(self, session: str, settings: Settings = SETTINGS) -> str:
        response = Response()
        set_last_change(response, POSITION, session, self.request(), settings)
        return response.headers["Set-Cookie"]

    def test_is_for_one_session(self) -> None:
        shown = self.request(self.cookie("mine").partition(";")[0])

        assert last_change(shown, "mine", SETTINGS) == POSITION
        assert last_change(shown, "another", SETTINGS) is None
        assert last_change(shown, "mine", Settings(secret="t" * 32)) is None
        replaced = Settings(secret="t" * 32, secret_previous=SETTINGS.secret)
        assert last_change(shown, "mine", replaced) == POSITION

    def test_scripts_can_t_read_it(self) -> None:
        name, *attributes = self.cookie("mine").split("; ")

        assert name.startswith("lastchange=")
        assert {"HttpOnly", "SameSite=Lax", "Max-Age=1209600"} <= set(attributes)
        secure = Settings(secret="s" * 32, secure_cookies=True)
        assert self.cookie("mine", secure).startswith("__Host-lastchange=")

    @pytest.mark.parametrize(
        "cookie", ["", "lastchange=", "lastchange=1.2", "lastchange=a.b; lastchange=c.d"]
    )
    def test_is_ignored_if_it_is_missing_or_forged(self, cookie: str) -> None:
        assert last_change(self.request(cookie), "mine", SETTINGS) is None

    def test_is_ignored_if_it_is_repeated(self) -> None:
        own = self.cookie("mine").partition(";")[0]

        assert last_change(self.request(f"{own}; lastchange=x"), "mine", SETTINGS) is None


class TestSharedPositions:
    @pytest.fixture
    def redis(self, monkeypatch: pytest.MonkeyPatch) -> FakeRedis:
        server = FakeServer()
        monkeypatch.setattr("redis.from_url", lambda *_, **__: FakeRedis(server=server))
        return FakeRedis(server=server)

    @pytest.mark.usefixtures("redis")
    def test_are_shared_by_all_servers(self) -> None:
        SharedPositions(SETTINGS).put("token", POSITION)

        other_secret = Settings(secret="t" * 32, limits_storage=REDIS_URL)
        assert SharedPositions(other_secret).get("token") == POSITION
        assert SharedPositions(SETTINGS).get("another") == ORIGIN

    @pytest.mark.usefixtures("redis")
    def test_keep_the_later_of_two_positions(self) -> None:
        shared = SharedPositions(SETTINGS)
        for position in (Position(1, 10), Position(1, 9), Position(2, 5), Position(1, 99)):
            shared.put("token", position)

        assert shared.get("token") == Position(2, 5)

    @pytest.mark.usefixtures("redis")
    def test_are_shared_while_the_secret_is_changed(self) -> None:
        old, new = "s" * 32, "t" * 32
        added = Settings(secret=old, secret_previous=new, limits_storage=REDIS_URL)
        swapped = Settings(secret=new, secret_previous=old, limits_storage=REDIS_URL)
        for settings, position in ((added, POSITION), (swapped, Position(4, 1))):
            SharedPositions(settings).put("token", position)

            assert SharedPositions(added).get("token") == position
            assert SharedPositions(swapped).get("token") == position

    def test_expire_and_contain_no_token(self, redis: FakeRedis) -> None:
        SharedPositions(SETTINGS).put("secret-token", POSITION)

        keys: Any = redis.keys()
        [key] = keys
        assert redis.ttl(key) == LIFETIME_SECONDS
        assert b"secret-token" not in key

    def test_are_unknown_without_redis(self) -> None:
        shared = SharedPositions(Settings(secret="s" * 32))
        shared.put("token", POSITION)

        assert shared.get("token") is None

    def test_are_unavailable_while_redis_does_not_answer(
        self, redis: FakeRedis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shared = SharedPositions(SETTINGS)
        down = Mock(side_effect=RedisConnectionError)
        monkeypatch.setattr("fakeredis.FakeRedis.execute_command", down)

        assert shared.get("token") is None
        with pytest.raises(Unavailable):
            shared.put("token", POSITION)
        assert down.call_count == 2


def test_a_server_without_standbys_sets_no_cookie(client: TestClient, shop: Shop) -> None:
    password = "correct horse battery staple"
    user = shop.user(password_hash=Argon2Passwords().hash(password))

    response = client.post("/users/login/", json={"email": user.email, "password": password})

    assert response.status_code == 200
    assert "sessionid" in response.cookies
    assert "lastchange" not in response.cookies
