import logging
import os
import re
from dataclasses import fields
from typing import Any

import pytest
from environs import EnvValidationError

from handlers.contract.operations.violations import ResponseValidation
from handlers.settings import DatabasePooler, DatabaseReads, LogFormat, Settings, read_settings

SECRET = "a secret of thirty-two characters"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the secret is set, in any environment of the tests."""
    for name in os.environ:
        if name.startswith("WAYBILL_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("WAYBILL_SECRET", SECRET)


def fault() -> str:
    """The error message about the environment."""
    with pytest.raises(EnvValidationError) as error:
        read_settings()
    return str(error.value)


def test_only_the_secret_must_be_set() -> None:
    assert read_settings() == Settings(secret=SECRET)


@pytest.mark.parametrize(
    ("variable", "text", "value"),
    [
        ("SECRET", "x" * 32, "x" * 32),
        ("SECRET_PREVIOUS", "y" * 32, "y" * 32),
        ("SECRET_PREVIOUS", "", ""),
        ("DATABASE_URL", "postgres://localhost/shop", "postgres://localhost/shop"),
        ("DATABASE_URL", "sqlite:////srv/shop.sqlite3", "sqlite:////srv/shop.sqlite3"),
        *(
            ("DATABASE_URL", url, url)
            for url in (
                "postgresql:///shop?host=/run/postgresql",
                "postgresql://me:p%40ss@h1:5432,h2:5433/shop",
                "postgresql:///shop?host=h1,h2&port=5432,5433",
                "postgresql://me:p%40ss@[::1]:5432/shop",
                "postgresql+psycopg://me:p/s#s?@db.example/shop?sslmode=require",
            )
        ),
        ("DATABASE_POOL_SIZE", "1", 1),
        ("DATABASE_POOLER", "transaction", DatabasePooler.TRANSACTION),
        ("DATABASE_TIMEOUT", "5", 5),
        ("DATABASE_CONNECT_TIMEOUT", "3", 3),
        ("DATABASE_READS", "applied", DatabaseReads.APPLIED),
        ("DATABASE_READ_LAG", "300", 300),
        ("DOCUMENT_MEMORY_MIB", "0", 0),
        ("THREADS", "2", 2),
        ("HOST", "0.0.0.0", "0.0.0.0"),  # noqa: S104 - only a text here
        ("PORT", "65535", 65535),
        ("WORKERS", "4", 4),
        ("TRUSTED_PROXIES", "0", 0),
        ("CONNECTIONS_PER_ADDRESS", "0", 0),
        ("PUBLIC_URL", "https://shop.example/api/", "https://shop.example/api/"),
        ("PUBLIC_URL", "http://localhost:8000", "http://localhost:8000"),
        ("PUBLIC_URL", "", ""),
        ("SMTP_URL", "", ""),
        ("SMTP_URL", "smtp://me:p%40ss@mail.example:587", "smtp://me:p%40ss@mail.example:587"),
        ("SMTP_URL", "smtps://[::1]", "smtps://[::1]"),
        ("SMTP_URL", "smtp+starttls://mail.example", "smtp+starttls://mail.example"),
        ("MAIL_FROM", "orders@shop.example", "orders@shop.example"),
        ("MAIL_FROM", "Çarşı <a@b>", "Çarşı <a@b>"),
        ("SESSION_COOKIE", "__Host-osessionid", "__Host-osessionid"),
        ("SESSION_DAYS", "36500", 36500),
        ("SECURE_COOKIES", "true", True),
        ("CORS_ORIGINS", "https://shop.example", "https://shop.example"),
        ("CORS_ORIGINS", "", ""),
        ("DEFAULT_LANGUAGE", "tr-tr", "tr-tr"),
        ("RETURN_WINDOW_DAYS", "0", 0),
        ("RESPONSE_VALIDATION", "report", ResponseValidation.REPORT),
        ("REQUIRE_CONTENT_TYPE", "false", False),
        ("LIMITS", "off", False),
        ("DOCS", "false", False),
        ("LIMITS_STORAGE", "redis://localhost", "redis://localhost"),
        ("LIMITS_STORAGE", "redis+unix:///run/redis", "redis+unix:///run/redis"),
        ("LOG_FORMAT", "json", LogFormat.JSON),
        ("LOG_PROBES", "false", False),
        ("LOG_LEVEL", "debug", logging.DEBUG),
    ],
)
def test_each_setting_is_read_from_its_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, text: str, value: Any
) -> None:
    monkeypatch.setenv(f"WAYBILL_{variable}", text)

    settings = read_settings()

    read = {field.name: getattr(settings, field.name) for field in fields(Settings)}
    assert read == vars(Settings(secret=SECRET)) | {variable.lower(): value}
    assert type(read[variable.lower()]) is type(value)


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("SECRET", "x" * 31),
        ("SECRET", ""),
        ("SECRET_PREVIOUS", "x" * 31),
        ("DATABASE_URL", ""),
        ("DATABASE_URL", "nonsense"),
        ("DATABASE_URL", "mysql://me:hunter2@localhost/shop"),
        ("DATABASE_URL", "sqlite://var/waybill.sqlite3"),
        ("DATABASE_URL", "sqlite:///"),
        ("DATABASE_URL", "postgresql://me:hunter2@localhost:port/shop"),
        ("DATABASE_URL", "postgresql://localhost:65536/shop"),
        ("DATABASE_URL", "postgresql://localhost:0/shop"),
        ("LIMITS_STORAGE", ""),
        ("LIMITS_STORAGE", "memcached://localhost"),
        ("DATABASE_POOL_SIZE", "0"),
        ("DATABASE_POOLER", "session"),
        ("DATABASE_TIMEOUT", "0"),
        ("DATABASE_CONNECT_TIMEOUT", "1"),
        ("DATABASE_READ_URL", "sqlite:///var/waybill.sqlite3"),
        ("DATABASE_READ_URL", "postgresql://h1:x,h2/shop"),
        ("DATABASE_READS", "all"),
        ("DATABASE_READ_LAG", "0"),
        ("DATABASE_READ_LAG", "301"),
        ("DATABASE_URL", "postgresql://me:hunter2@h1,h2:0/shop"),
        ("DOCUMENT_MEMORY_MIB", "-1"),
        ("THREADS", "0"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "http"),
        ("PORT", ""),
        ("WORKERS", "0"),
        ("WORKERS", "1.5"),
        ("TRUSTED_PROXIES", "-1"),
        ("PUBLIC_URL", "shop.example"),
        ("PUBLIC_URL", "ftp://shop.example"),
        ("PUBLIC_URL", "https://shop.example/?a=b"),
        ("PUBLIC_URL", "https://shop.example/#a"),
        ("SMTP_URL", "mail.example:25"),
        ("SMTP_URL", "http://mail.example"),
        ("SMTP_URL", "smtp+tls://mail.example"),
        ("SMTP_URL", "smtp://"),
        ("SMTP_URL", "smtp://mail.example:0"),
        ("SMTP_URL", "smtp://mail.example:mail"),
        ("SMTP_URL", "smtp://mail.example:65536"),
        ("SMTP_URL", "smtp://mail.example/in"),
        ("SMTP_URL", "smtp://mail.example?starttls=no"),
        ("SMTP_URL", "smtp://mail.example#a"),
        ("SMTP_URL", "smtp://[::1"),
        ("MAIL_FROM", ""),
        ("MAIL_FROM", "Waybill"),
        ("MAIL_FROM", "a@b, c@d"),
        ("MAIL_FROM", "a@b\nBcc: c@d"),
        ("MAIL_FROM", "a@çarşı.example"),
        ("CORS_ORIGINS", "*"),
        ("CORS_ORIGINS", "null"),
        ("CORS_ORIGINS", "shop.example"),
        ("CORS_ORIGINS", "https://shop.example/"),
        ("CORS_ORIGINS", "https://shop.example/path"),
        ("CORS_ORIGINS", "https://Shop.example"),
        ("CORS_ORIGINS", "https://me@shop.example"),
        ("CORS_ORIGINS", "ftp://shop.example"),
        ("SESSION_COOKIE", ""),
        ("SESSION_COOKIE", "session id"),
        ("SESSION_COOKIE", "session;"),
        ("SESSION_COOKIE", "sessionid\n"),
        ("SESSION_DAYS", "0"),
        ("SESSION_DAYS", "36501"),
        ("SECURE_COOKIES", "perhaps"),
        ("DEFAULT_LANGUAGE", "de-de"),
        ("DEFAULT_LANGUAGE", "tr"),
        ("RETURN_WINDOW_DAYS", "-1"),
        ("RETURN_WINDOW_DAYS", "999999999999"),
        ("RESPONSE_VALIDATION", "off"),
        ("LIMITS", ""),
        ("LOG_FORMAT", "xml"),
        ("LOG_PROBES", "sometimes"),
        ("LOG_LEVEL", "loud"),
    ],
)
def test_a_bad_value_names_its_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, text: str
) -> None:
    monkeypatch.setenv(f"WAYBILL_{variable}", text)

    assert re.findall(r"WAYBILL_\w+", fault()) == [f"WAYBILL_{variable}"]


def test_standbys_are_those_of_postgresql(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYBILL_DATABASE_READ_URL", "postgresql://me:hunter2@h1,h2:5433/shop")

    assert "WAYBILL_DATABASE_READ_URL': ['Needs PostgreSQL in WAYBILL_DATABASE_URL.']" in fault()
    assert "hunter2" not in fault()

    monkeypatch.setenv("WAYBILL_DATABASE_URL", "postgresql://me:hunter2@h1/shop")
    settings = read_settings()
    assert settings.database_read_url == "postgresql://me:hunter2@h1,h2:5433/shop"
    assert not settings.reads_applied
    assert "hunter2" not in repr(settings)


def test_every_bad_value_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WAYBILL_SECRET")
    monkeypatch.setenv("WAYBILL_PORT", "x")
    monkeypatch.setenv("WAYBILL_LOG_LEVEL", "x")

    assert re.findall(r"WAYBILL_(\w+)", fault()) == ["SECRET", "PORT", "LOG_LEVEL"]


def test_a_secret_that_is_too_short_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYBILL_SECRET", "hunter2")

    assert "hunter2" not in fault()


def test_the_password_of_the_mail_server_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYBILL_SMTP_URL", "smtp://me:hunter2@mail.example")
    assert "hunter2" not in repr(read_settings())

    monkeypatch.setenv("WAYBILL_SMTP_URL", "smtp://me:hunter2@mail.example:0")
    assert "hunter2" not in fault()


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://me:hunter2@localhost:port/shop",
        "mysql://me:hunter2@localhost/shop",
        "postgresql://me:hunter2@h1,h2/shop?port=1,2,3",
    ],
)
def test_the_password_of_the_database_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("WAYBILL_DATABASE_URL", text)

    assert "hunter2" not in fault()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("WAYBILL_WORKER", "There is no such setting. Did you mean WAYBILL_WORKERS?"),
        ("WAYBILL_SMTP", "There is no such setting. Did you mean WAYBILL_SMTP_URL?"),
        ("WAYBILL_xyz", "There is no such setting."),
    ],
)
def test_a_name_that_is_no_setting_is_reported_with_the_nearest(
    monkeypatch: pytest.MonkeyPatch, name: str, message: str
) -> None:
    monkeypatch.setenv(name, "3")
    monkeypatch.setenv("WAYBILL_PORT", "x")

    with pytest.raises(EnvValidationError) as error:
        read_settings()

    assert dict(error.value.error_messages) == {  # type: ignore[arg-type]  # read_settings has a mapping
        "WAYBILL_PORT": ["Not a valid integer."],
        name: [message],
    }


def test_names_of_tests_are_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYBILL_TEST_DATABASE", "sqlite")

    assert read_settings() == Settings(secret=SECRET)


@pytest.mark.parametrize(
    ("public_url", "base_url"),
    [("https://shop.example/api/", "https://shop.example/api"), ("", "http://10.0.0.1:81")],
)
def test_links_begin_where_shoppers_reach_the_server(public_url: str, base_url: str) -> None:
    settings = Settings(secret=SECRET, public_url=public_url, host="10.0.0.1", port=81)

    assert settings.base_url == base_url


@pytest.mark.parametrize(
    ("cors_origins", "allowed"),
    [
        ("", set()),
        (
            "https://shop.example, http://localhost:3000",
            {"https://shop.example", "http://localhost:3000"},
        ),
        ("https://a.example https://b.example", {"https://a.example", "https://b.example"}),
    ],
)
def test_origins_are_a_list(cors_origins: str, allowed: set[str]) -> None:
    assert Settings(secret=SECRET, cors_origins=cors_origins).allowed_origins == allowed


def test_variables_of_others_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "x")

    assert read_settings().port == 8000
