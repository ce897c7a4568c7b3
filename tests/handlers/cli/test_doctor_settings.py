"""Checks of `waybill doctor` that need no service."""

from pathlib import Path

import pytest

from tests.conftest import KIND
from tests.support.doctor import SECRET, Examine


class TestSettings:
    def test_are_the_only_finding_if_they_are_invalid(self, examine: Examine) -> None:
        result = examine(PORT="x", LIMITS_STORAGE="memcached://:hunter2@here")

        assert result.exit_code == 1
        assert "WAYBILL_PORT: Not a valid integer." in result.output
        assert result.findings["settings"][1].startswith("WAYBILL_LIMITS_STORAGE: Must be")
        assert "hunter2" not in result.output

    def test_a_guessable_secret_is_an_error(self, examine: Examine) -> None:
        status, message = examine(SECRET_PREVIOUS="s" * 32).findings["secret"]

        assert status == "error"
        assert message.startswith("WAYBILL_SECRET_PREVIOUS can be guessed. Make one: ")

    def test_two_secrets_must_both_be_strong(self, examine: Examine) -> None:
        status, message = examine(SECRET_PREVIOUS="another secret, with thirty-two").findings[
            "settings"
        ]
        assert status == "error"
        assert "Make one: python3 -c" in message

        status, message = examine(SECRET_PREVIOUS=f"another {SECRET}").findings["secret"]
        assert (status, message.split(";")[0]) == ("ok", "two secrets are accepted")

    @pytest.mark.parametrize(
        ("env", "status", "part"),
        [
            ({}, "warning", "Set WAYBILL_PUBLIC_URL"),
            ({"PUBLIC_URL": "http://localhost:8000"}, "ok", "http://localhost:8000"),
            ({"PUBLIC_URL": "http://shop.example"}, "warning", "without https"),
            ({"PUBLIC_URL": "https://shop.example"}, "warning", "Set WAYBILL_TRUSTED_PROXIES"),
            (
                {"PUBLIC_URL": "https://shop.example", "TRUSTED_PROXIES": "1"},
                "ok",
                "https://shop.example",
            ),
            (
                {"PUBLIC_URL": "http://shop.example", "SECURE_COOKIES": "true"},
                "error",
                "browsers refuse Secure cookies from http",
            ),
            (
                {"PUBLIC_URL": "http://shop.example", "SESSION_COOKIE": "__Host-sessionid"},
                "error",
                "browsers refuse Secure cookies from http",
            ),
        ],
    )
    def test_the_public_url_fits_proxies_and_cookies(
        self, examine: Examine, env: dict[str, str], status: str, part: str
    ) -> None:
        found, message = examine(**env).findings["public url"]

        assert found == status
        assert part in message

    @pytest.mark.parametrize(
        ("env", "status", "part"),
        [
            ({}, "ok", "counted in memory"),
            ({"LIMITS": "false", "WORKERS": "2"}, "warning", "not limited"),
            ({"WORKERS": "3"}, "warning", "each of 3 workers counts failed attempts separately"),
        ],
    )
    def test_limits_are_on_and_counted_together(
        self, examine: Examine, env: dict[str, str], status: str, part: str
    ) -> None:
        found, message = examine(**env).findings["limits"]

        assert found == status
        assert part in message

    @pytest.mark.skipif(KIND == "postgres", reason="about a file")
    def test_files_that_others_can_read_are_a_warning(
        self, examine: Examine, database_url: str
    ) -> None:
        file = Path(database_url.removeprefix("sqlite:///"))
        mode = file.stat().st_mode
        file.chmod(0o644)
        status, message = examine().findings["files"]
        file.chmod(mode)

        assert status == "warning"
        assert message.endswith(f"chmod go= {file}")
