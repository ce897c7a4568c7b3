"""Settings: environment variables named WAYBILL_…, read once at start."""

import logging
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from difflib import get_close_matches
from email.policy import SMTP
from enum import StrEnum
from typing import Any, cast
from urllib.parse import urlsplit

from environs import Env, EnvValidationError
from marshmallow import ValidationError
from marshmallow.validate import URL, Length, OneOf, Range, Regexp

from domain.shared.database_hosts import is_postgres, split_hosts
from handlers.contract.operations.violations import ResponseValidation
from handlers.setting_files import SUFFIX, is_secret, read_setting_files

LANGUAGES = ("en-us", "tr-tr")
SMTP_SCHEMES = ("smtp", "smtp+starttls", "smtps")
_POSITIVE = Range(min=1)
_HOUR = 3_600  # seconds
_SECRET_LENGTH = Length(min=32)
_CENTURY = 36_500  # days; later dates could exceed the year 9999
# As browsers send them; a wildcard is not allowed.
_ORIGINS = r"(https?://[a-z0-9.-]+(:[0-9]{1,5})?([, ]+|\Z))*\Z"
_COOKIE_PREFIXES = ("__Host-", "__Secure-")
_PREFIX = "WAYBILL_"
_FOR_TESTS = "WAYBILL_TEST_"
_SQLITE = re.compile(r"sqlite:///.+", re.DOTALL)
_COOKIE_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z"  # a token of RFC 9110


class LogFormat(StrEnum):
    """Text for people, or one JSON object per line."""

    CONSOLE = "console"
    JSON = "json"


class DatabasePooler(StrEnum):
    """The pooler between the server and PostgreSQL: none that matters, or one that may give every
    transaction another connection.
    """

    NONE = "none"
    TRANSACTION = "transaction"


class DatabaseReads(StrEnum):
    """What a standby must have to be read: the client's own changes, or all changes."""

    SEEN = "seen"
    APPLIED = "applied"


_web_url = URL(schemes={"http", "https"}, require_tld=False)


def _public_url(url: str) -> None:
    if url:
        _web_url(url)
        if urlsplit(url).query or urlsplit(url).fragment:
            raise ValidationError("Must end with its path.")


def _database_url(url: str) -> None:
    """Raises ValidationError for a URL that names no database, without showing the password."""
    if not _SQLITE.fullmatch(url):
        _postgres_url(
            url,
            "Must look like sqlite:///var/waybill.sqlite3,"
            " or postgresql://user:password@host:port/name.",
        )


def _previous_secret(secret: str) -> None:
    if secret:
        _SECRET_LENGTH(secret)


def _read_url(url: str) -> None:
    if url:
        _postgres_url(
            url,
            "Must look like postgresql://user:password@host:port/name, with several hosts as"
            " host:port,host:port.",
        )


def _postgres_url(url: str, form: str) -> None:
    if not is_postgres(url):
        raise ValidationError(form)
    try:
        split_hosts(url)
    except ValueError as error:
        raise ValidationError(f"{form} {error}") from None


def _limits_storage(url: str) -> None:
    if url != "memory://" and not re.match(r"rediss?(\+\w+)?://", url):
        raise ValidationError("Must be memory://, or look like redis://host:6379.")


def _smtp_url(url: str) -> None:
    """Raises ValidationError for a URL that names no server, without showing the password."""
    if url and not _names_smtp_server(url):
        raise ValidationError(
            "Must look like smtp://user:password@host:port, smtp+starttls://…, or smtps://…."
        )


def _names_smtp_server(url: str) -> bool:
    try:
        parts = urlsplit(url)
        is_complete = bool(parts.hostname) and parts.port != 0
    except ValueError:  # the port, or the brackets of an IPv6 address
        return False
    has_more = parts.path.strip("/") or parts.query or parts.fragment
    return parts.scheme in SMTP_SCHEMES and is_complete and not has_more


def _mailbox(text: str) -> None:
    header: Any = SMTP.header_factory("From", text)
    if len(header.addresses) != 1 or header.defects or not header.addresses[0].domain.isascii():
        raise ValidationError("Must be one e-mail address, with a name before it or without.")


def _checked(
    validate: Callable[[Any], Any], default: Any = MISSING, *, is_shown: bool = True
) -> Any:
    return field(default=default, repr=is_shown, metadata={"validate": validate})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings; docs/settings.md describes them.

    A setting is read from the variable of its name in upper case with the prefix WAYBILL_. One that
    is not shown can be in a file, which the variable with the suffix _FILE names.
    """

    secret: str = _checked(_SECRET_LENGTH, is_shown=False)
    secret_previous: str = _checked(_previous_secret, "", is_shown=False)
    database_url: str = _checked(_database_url, "sqlite:///var/waybill.sqlite3", is_shown=False)
    database_pooler: DatabasePooler = DatabasePooler.NONE
    database_pool_size: int = _checked(_POSITIVE, 10)
    database_timeout: int = _checked(_POSITIVE, 10)
    database_connect_timeout: int = _checked(Range(min=2), 2)
    database_read_url: str = _checked(_read_url, "", is_shown=False)
    database_reads: DatabaseReads = DatabaseReads.SEEN
    database_read_lag: int = _checked(Range(min=1, max=300), 5)
    document_memory_mib: int = _checked(Range(min=0), 16)
    host: str = "127.0.0.1"
    port: int = _checked(Range(min=1, max=65535), 8000)
    workers: int = _checked(_POSITIVE, 1)
    threads: int = _checked(_POSITIVE, 8)
    drain_seconds: int = _checked(Range(min=0, max=_HOUR), 5)
    public_url: str = _checked(_public_url, "")
    trusted_proxies: int = _checked(Range(min=0), 0)
    connections_per_address: int = _checked(Range(min=0), 512)
    session_cookie: str = _checked(Regexp(_COOKIE_NAME), "sessionid")
    session_days: int = _checked(Range(min=1, max=_CENTURY), 14)
    secure_cookies: bool = False
    cors_origins: str = _checked(Regexp(_ORIGINS), "")
    default_language: str = _checked(OneOf(LANGUAGES), "en-us")
    return_window_days: int = _checked(Range(min=0, max=_CENTURY), 14)
    pickup_horizon_days: int = _checked(Range(min=1, max=_CENTURY), 30)
    smtp_url: str = _checked(_smtp_url, "", is_shown=False)
    mail_from: str = _checked(_mailbox, "Waybill <waybill@localhost>")
    response_validation: ResponseValidation = ResponseValidation.ENFORCE
    require_content_type: bool = True
    demo: bool = False
    docs: bool = True
    limits: bool = True
    limits_storage: str = _checked(_limits_storage, "memory://", is_shown=False)
    log_format: LogFormat = LogFormat.CONSOLE
    log_level: int = field(default=logging.INFO, metadata={"reader": "log_level"})
    log_probes: bool = True

    @property
    def secrets(self) -> list[str]:
        """The secrets whose signatures are accepted; the last one signs."""
        return [self.secret_previous, self.secret] if self.secret_previous else [self.secret]

    @property
    def reads_applied(self) -> bool:
        """Whether standbys are read that have all changes."""
        return bool(self.database_read_url) and self.database_reads is DatabaseReads.APPLIED

    @property
    def has_secure_cookies(self) -> bool:
        """Whether all cookies are Secure; known at start, since cookie names depend on it."""
        return self.secure_cookies or urlsplit(self.public_url).scheme == "https"

    @property
    def cookie_prefix(self) -> str:
        """`__Host-` where cookies are Secure: no other host can set it (RFC 6265bis, 4.1.3.2)."""
        return "__Host-" if self.has_secure_cookies else ""

    def cookie_name(self, name: str) -> str:
        """The full name of a cookie; a name with a prefix stays as it is."""
        return name if name.startswith(_COOKIE_PREFIXES) else self.cookie_prefix + name

    @property
    def home_path(self) -> str:
        """Where a browser is sent without `next`: to the documentation, if it is served."""
        return "/docs" if self.docs else "/users/orders/"

    @property
    def allowed_origins(self) -> frozenset[str]:
        """The other origins whose pages may read our responses."""
        return frozenset(self.cors_origins.replace(",", " ").split())

    @property
    def shop_name(self) -> str:
        """The name of the shop on pages: the display name of the sender of e-mails."""
        sender: Any = SMTP.header_factory("From", self.mail_from)
        name: str = sender.addresses[0].display_name
        return name or "Waybill"

    @property
    def mail_domain(self) -> str:
        """The domain of the sender of e-mails."""
        sender: Any = SMTP.header_factory("From", self.mail_from)
        domain: str = sender.addresses[0].domain
        return domain

    @property
    def base_url(self) -> str:
        """The URL at which shoppers reach the server, without a slash at the end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")


def read_settings() -> Settings:
    """The settings of the environment of this process.

    Raises environs.EnvValidationError with every invalid variable and every unknown name: a typo
    would otherwise leave the default in force.
    """
    env = Env(prefix=_PREFIX, eager=False)
    files = read_setting_files(fields(Settings), _PREFIX)
    values: dict[str, Any] = {
        setting.name: _read(env, setting)
        for setting in fields(Settings)
        if f"{_PREFIX}{setting.name.upper()}{SUFFIX}" not in os.environ
    }
    faults: dict[str, Any] = {}
    try:
        env.seal()
    except EnvValidationError as error:
        faults |= cast(Mapping[str, Any], error.error_messages)
    values |= files.values
    faults |= files.errors
    faults |= _unknown_names(os.environ)
    if not faults and values["database_read_url"] and not is_postgres(values["database_url"]):
        faults["WAYBILL_DATABASE_READ_URL"] = ["Needs PostgreSQL in WAYBILL_DATABASE_URL."]
    if faults:
        raise EnvValidationError(f"Environment variables invalid: {faults}", faults)
    return Settings(**values)


def _unknown_names(names: Iterable[str]) -> Mapping[str, list[str]]:
    """The errors for names that look like settings and are none, by name."""
    known = [setting.name.upper() for setting in fields(Settings)]
    known += [setting.name.upper() + SUFFIX for setting in filter(is_secret, fields(Settings))]
    faults = {}
    for name in names:
        is_ours = name.startswith(_PREFIX) and not name.startswith(_FOR_TESTS)
        if is_ours and name.removeprefix(_PREFIX) not in known:
            # Without the prefix, which would make all names similar.
            nearest = get_close_matches(name.removeprefix(_PREFIX), known, 1)
            hint = f" Did you mean {_PREFIX}{nearest[0]}?" if nearest else ""
            faults[name] = [f"There is no such setting.{hint}"]
    return faults


def _read(env: Env, setting: Field[Any]) -> Any:
    options: dict[str, Any] = {"validate": setting.metadata.get("validate")}
    kind: Any = setting.type
    if issubclass(kind, StrEnum):
        options |= {"enum": kind, "by_value": True}
    if setting.default is not MISSING:
        options["default"] = setting.default
    reader = setting.metadata.get("reader", "enum" if "enum" in options else kind.__name__)
    return getattr(env, reader)(setting.name.upper(), **options)
