import time

import pytest
from flask import Request, Response
from werkzeug.test import EnvironBuilder

from domain.accounts.callers import Caller
from domain.shared.errors import NotAuthenticated
from handlers.auth.order_grants import drop_grant, granted_caller, new_grant
from handlers.settings import Settings

SETTINGS = Settings(secret="s" * 32)
GUEST = Caller(user_pk=5, is_guest=True, order_pk=7)


def make_grant(settings: Settings = SETTINGS) -> str:
    return new_grant(GUEST, settings)


class TestGrant:
    def test_is_for_one_guest_and_one_order(self) -> None:
        assert granted_caller(make_grant(), SETTINGS) == GUEST

    def test_expires_after_half_an_hour(self, monkeypatch: pytest.MonkeyPatch) -> None:
        grant, now = make_grant(), time.time()
        monkeypatch.setattr(time, "time", lambda: now + 30 * 60 - 1)
        assert granted_caller(grant, SETTINGS) == GUEST

        monkeypatch.setattr(time, "time", lambda: now + 30 * 60 + 2)
        with pytest.raises(NotAuthenticated):
            granted_caller(grant, SETTINGS)

    @pytest.mark.parametrize(
        "grant",
        [None, "", "x", make_grant() + "x", make_grant(Settings(secret="t" * 32))],
        ids=["none", "empty", "unsigned", "changed", "another server's"],
    )
    def test_is_none_if_it_was_not_signed_here(self, grant: str | None) -> None:
        with pytest.raises(NotAuthenticated):
            granted_caller(grant, SETTINGS)

    def test_is_dropped_at_once(self) -> None:
        response = Response()

        drop_grant(response, Request(EnvironBuilder("/").get_environ()), SETTINGS)

        assert "Max-Age=0;" in response.headers["Set-Cookie"]
