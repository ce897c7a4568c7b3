"""Checks of `waybill doctor` of the mail server and of the storage of limits."""

import pytest
from limits.errors import ConfigurationError

from handlers.cli import doctor_services
from tests.support.doctor import Examine
from tests.support.server import free_port
from tests.support.smtp_servers import PASSWORD, QUOTED_PASSWORD, QUOTED_USER, running


class TestMailServer:
    def test_is_a_warning_if_it_is_not_set(self, examine: Examine) -> None:
        assert examine().findings["mail"][0] == "warning"

    def test_is_ok_if_it_accepts_the_password(self, examine: Examine) -> None:
        with running(auth_require_tls=False) as mail_server:
            url = f"smtp://{QUOTED_USER}:{QUOTED_PASSWORD}@127.0.0.1:{mail_server.port}"
            result = examine(SMTP_URL=url)

        assert result.findings["mail"] == ("ok", "the server accepts e-mails, not encrypted")
        assert result.findings["sender"][0] == "warning"
        assert len(mail_server.logins) == 1
        assert mail_server.emails == []

    @pytest.mark.parametrize(
        ("url", "part"),
        [
            ("smtp+starttls://127.0.0.1:{}", "offers no STARTTLS"),
            ("smtp://me:wrong@127.0.0.1:{}", "refuses user and password (535)"),
        ],
    )
    def test_is_an_error_if_it_refuses(self, examine: Examine, url: str, part: str) -> None:
        with running(auth_require_tls=False) as mail_server:
            status, message = examine(SMTP_URL=url.format(mail_server.port)).findings["mail"]

        assert status == "error"
        assert part in message

    def test_is_an_error_if_it_does_not_answer(self, examine: Examine) -> None:
        url = f"smtp://me:{QUOTED_PASSWORD}@127.0.0.1:{free_port()}"

        result = examine(SMTP_URL=url)

        assert result.findings["mail"] == (
            "error",
            "the server can't be used: Connection refused",
        )
        assert PASSWORD not in result.output


class Storage:
    """A storage of limits that answers, or does not."""

    def __init__(self, *, is_there: bool) -> None:
        self._is_there = is_there

    def check(self) -> bool:
        return self._is_there


class TestLimitsStorage:
    @pytest.mark.parametrize(("is_there", "status"), [(True, "ok"), (False, "error")])
    def test_is_ok_only_if_it_answers(
        self, examine: Examine, monkeypatch: pytest.MonkeyPatch, is_there: bool, status: str
    ) -> None:
        storage = Storage(is_there=is_there)
        monkeypatch.setattr(doctor_services, "storage_from_string", lambda *_, **__: storage)

        result = examine(LIMITS_STORAGE="redis://:hunter2@localhost", WORKERS="4")

        assert result.findings["limits"][0] == status
        assert "hunter2" not in result.output

    def test_is_an_error_without_its_package(
        self, examine: Examine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: object, **__: object) -> None:
            raise ConfigurationError("no redis")

        monkeypatch.setattr(doctor_services, "storage_from_string", refuse)

        status, message = examine(LIMITS_STORAGE="redis://localhost").findings["limits"]

        assert status == "error"
        assert "requirements/redis.txt" in message

    def test_is_not_checked_without_limits(self, examine: Examine) -> None:
        result = examine(LIMITS_STORAGE="redis://localhost:1", LIMITS="false")

        assert result.findings["limits"][0] == "warning"
