"""Secret settings in files, as Docker, Kubernetes and systemd have them."""

import os
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from environs import EnvValidationError

from handlers.setting_files import is_secret
from handlers.settings import Settings, read_settings

SECRET = "a secret of thirty-two characters"
VALUES = {
    "secret": SECRET,
    "secret_previous": "the secret of thirty characters before",
    "database_url": "postgresql://me:hunter2@localhost/shop",
    "smtp_url": "smtp://me:hunter2@mail.example",
    "limits_storage": "redis://:hunter2@localhost",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is set, whatever the tests were started with."""
    for name in os.environ:
        if name.startswith("WAYBILL_"):
            monkeypatch.delenv(name)


def errors() -> Any:
    with pytest.raises(EnvValidationError) as error:
        read_settings()
    return error.value.error_messages


def store(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    return str(path)


def test_every_secret_setting_can_be_in_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    secret = [setting.name for setting in fields(Settings) if is_secret(setting)]
    assert VALUES.keys() <= set(secret)
    assert all(setting.type is str for setting in fields(Settings) if is_secret(setting))
    for name in secret:
        # A setting of the database is one unless it is named here.
        value = VALUES.get(name, VALUES["database_url"])
        path = store(tmp_path / name, value.encode() + b"\n")
        monkeypatch.setenv(f"WAYBILL_{name.upper()}_FILE", path)

    settings = read_settings()

    assert {name: getattr(settings, name) for name in VALUES} == VALUES


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b"x" * 32, "x" * 32),
        (b"x" * 32 + b"\n", "x" * 32),
        (b"x" * 32 + b"\r\n", "x" * 32),
        (b" " + b"x" * 32 + b" \n\n", " " + "x" * 32 + " \n"),
    ],
    ids=["as it is", "newline", "newline of Windows", "only one newline"],
)
def test_a_newline_at_the_end_is_left_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes, value: str
) -> None:
    monkeypatch.setenv("WAYBILL_SECRET_FILE", store(tmp_path / "secret", content))

    assert read_settings().secret == value


def test_a_path_of_systemd_credentials_or_docker_works(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Both give files that only their owner can read, in a folder that can't be written."""
    path = Path(store(tmp_path / "secret", SECRET.encode()))
    path.chmod(0o400)
    tmp_path.chmod(0o500)
    monkeypatch.setenv("WAYBILL_SECRET_FILE", str(path))

    assert read_settings().secret == SECRET
    tmp_path.chmod(0o700)


def test_both_forms_at_once_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WAYBILL_SECRET", SECRET)
    monkeypatch.setenv("WAYBILL_SECRET_FILE", store(tmp_path / "secret", SECRET.encode()))

    assert errors() == {
        "WAYBILL_SECRET_FILE": ["WAYBILL_SECRET is set, too; set only one of them."]
    }


@pytest.mark.parametrize(
    ("name", "reason"),
    [("missing", "No such file or directory"), ("folder", "Is a directory")],
)
def test_a_file_that_can_not_be_read_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, reason: str
) -> None:
    (tmp_path / "folder").mkdir()
    path = tmp_path / name
    monkeypatch.setenv("WAYBILL_SECRET_FILE", str(path))

    assert errors() == {"WAYBILL_SECRET_FILE": [f"Can't read {path}: {reason}."]}


def test_a_file_that_is_no_text_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = store(tmp_path / "secret", b"\xff" * 40)
    monkeypatch.setenv("WAYBILL_SECRET_FILE", path)

    assert errors() == {"WAYBILL_SECRET_FILE": [f"{path} is not text in UTF-8."]}


def test_its_content_is_validated_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WAYBILL_SECRET", SECRET)
    path = store(tmp_path / "smtp", b"smtp://me:hunter2@mail.example:0\n")
    monkeypatch.setenv("WAYBILL_SMTP_URL_FILE", path)

    [(name, [message])] = errors().items()

    assert name == "WAYBILL_SMTP_URL_FILE"
    assert message.startswith("Must look like smtp://")
    assert "hunter2" not in message


def test_other_settings_have_no_such_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYBILL_SECRET", SECRET)
    monkeypatch.setenv("WAYBILL_PORT_FILE", "/run/secrets/port")

    assert list(errors()) == ["WAYBILL_PORT_FILE"]


def test_a_value_in_a_file_is_not_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WAYBILL_SECRET_FILE", store(tmp_path / "secret", SECRET.encode()))

    assert SECRET not in repr(read_settings())


def test_a_read_url_needs_postgresql_in_the_file_of_the_other_url(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WAYBILL_SECRET", SECRET)
    monkeypatch.setenv("WAYBILL_DATABASE_READ_URL", "postgresql://standby/shop")
    url = tmp_path / "url"
    monkeypatch.setenv("WAYBILL_DATABASE_URL_FILE", str(url))

    store(url, b"sqlite:///shop.sqlite3")
    assert errors() == {"WAYBILL_DATABASE_READ_URL": ["Needs PostgreSQL in WAYBILL_DATABASE_URL."]}

    store(url, b"postgresql://primary/shop")
    assert read_settings().database_read_url == "postgresql://standby/shop"
