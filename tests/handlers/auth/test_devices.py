import time
from http.cookies import SimpleCookie

import pytest
from flask import Request, Response
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from handlers.auth.devices import known_device, remember_device
from handlers.settings import Settings

SETTINGS = Settings(secret="s" * 32)
DAYS = 24 * 60 * 60


def make_request(*cookies: str) -> Request:
    headers = Headers({"Cookie": "; ".join(cookies)})
    return Request(EnvironBuilder("/", headers=headers).get_environ())


def remembered(*subjects: str, settings: Settings = SETTINGS) -> str:
    """The cookie of a device that opened these, one after the other."""
    cookie = "unrelated=1"
    for subject in subjects:
        response = Response()
        remember_device(subject, response, make_request(cookie), settings)
        [morsel] = SimpleCookie(response.headers["Set-Cookie"]).values()
        cookie = f"{morsel.key}={morsel.value}"
    return cookie


def device(subject: str, *cookies: str, settings: Settings = SETTINGS) -> str | None:
    return known_device(subject, make_request(*cookies), settings)


class TestDevice:
    def test_is_known_for_the_accounts_that_it_opened(self) -> None:
        cookie = remembered("login:a@example.com")

        assert device("login:a@example.com", cookie) is not None
        assert device("login:b@example.com", cookie) is None
        assert device("look-up:a@example.com:1", cookie) is None

    def test_keeps_its_id(self) -> None:
        first = remembered("login:a@example.com")
        response = Response()
        remember_device("login:b@example.com", response, make_request(first), SETTINGS)
        second = response.headers["Set-Cookie"].partition(";")[0]

        ids = {
            device("login:a@example.com", first),
            device("login:a@example.com", second),
            device("login:b@example.com", second),
        }
        assert len(ids) == 1
        assert ids.isdisjoint({device("login:a@example.com", remembered("login:a@example.com"))})

    def test_is_known_for_the_last_five_accounts(self) -> None:
        names = [f"login:{number}@example.com" for number in range(6)]
        cookie = remembered(*names, names[1])

        assert [device(name, cookie) is not None for name in names] == [False, *[True] * 5]

    def test_has_a_short_cookie_that_reveals_nothing(self) -> None:
        cookie = remembered(*(f"login:{number}@example.com" for number in range(9)))

        assert "example" not in cookie
        assert len(cookie) < 300

    def test_is_hidden_from_scripts_and_other_sites(self) -> None:
        response = Response()
        remember_device("login:a@example.com", response, make_request(), SETTINGS)

        parts = set(response.headers["Set-Cookie"].split("; "))
        assert {"HttpOnly", "SameSite=Lax", "Path=/", f"Max-Age={365 * DAYS}"} <= parts

    def test_is_forgotten_after_a_year(self, monkeypatch: pytest.MonkeyPatch) -> None:
        cookie, now = remembered("login:a@example.com"), time.time()
        monkeypatch.setattr(time, "time", lambda: now + 366 * DAYS)

        assert device("login:a@example.com", cookie) is None

    @pytest.mark.parametrize(
        "cookies",
        [
            (),
            ("knowndevice=",),
            ("knowndevice=x.y.z",),
            (remembered("login:a@example.com") + "x",),
            (remembered("login:a@example.com", settings=Settings(secret="t" * 32)),),
            (remembered("login:a@example.com"), remembered("login:a@example.com")),
        ],
        ids=["none", "empty", "made up", "changed", "another server's", "two that differ"],
    )
    def test_is_unknown_without_exactly_one_valid_cookie(self, cookies: tuple[str, ...]) -> None:
        assert device("login:a@example.com", *cookies) is None

    def test_is_known_by_the_previous_secret_and_then_by_the_new_one(self) -> None:
        new = "t" * 32
        both = Settings(secret=new, secret_previous=SETTINGS.secret)
        cookie = remembered("login:a@example.com", "login:b@example.com")
        known = device("login:a@example.com", cookie, settings=both)
        assert known is not None

        response = Response()
        remember_device("login:a@example.com", response, make_request(cookie), both)
        renewed = response.headers["Set-Cookie"].partition(";")[0]

        after = Settings(secret=new)
        assert device("login:a@example.com", renewed, settings=after) == known
        assert device("login:b@example.com", renewed, settings=after) is None
        assert device("login:b@example.com", renewed, settings=both) == known
