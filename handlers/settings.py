"""Settings: environment variables named WAYBILL_…, read once at start."""

import logging
from collections.abc import Callable
from dataclasses import MISSING, Field, dataclass, field, fields
from enum import StrEnum
from typing import Any

from environs import Env
from marshmallow.validate import Length, OneOf, Range, Regexp

from handlers.contract.violations import ResponseValidation

LANGUAGES = ("en-us", "tr-tr")
_POSITIVE = Range(min=1)
_CENTURY = 36_500  # days; moments much later than that are past every calendar
_COOKIE_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z"  # a token of RFC 9110


class LogFormat(StrEnum):
    """Lines for a person, or one JSON object a line."""

    CONSOLE = "console"
    JSON = "json"


def _checked(validate: Callable[[Any], Any], default: Any = MISSING) -> Any:
    return field(default=default, metadata={"validate": validate})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that can be set; the README lists each with its meaning.

    Each is read from the variable of its name in upper case, behind WAYBILL_.
    """

    secret: str = _checked(Length(min=32))
    database_url: str = "sqlite:///var/waybill.sqlite3"
    database_pool_size: int = _checked(_POSITIVE, 10)
    host: str = "127.0.0.1"
    port: int = _checked(Range(min=1, max=65535), 8000)
    workers: int = _checked(_POSITIVE, 1)
    trusted_proxies: int = _checked(Range(min=0), 0)
    session_cookie: str = _checked(Regexp(_COOKIE_NAME), "sessionid")
    session_days: int = _checked(Range(min=1, max=_CENTURY), 14)
    secure_cookies: bool = False
    default_language: str = _checked(OneOf(LANGUAGES), "en-us")
    return_window_days: int = _checked(Range(min=0, max=_CENTURY), 14)
    pickup_horizon_days: int = _checked(Range(min=1, max=_CENTURY), 30)
    response_validation: ResponseValidation = ResponseValidation.ENFORCE
    limits: bool = True
    limits_storage: str = "memory://"
    log_format: LogFormat = LogFormat.CONSOLE
    log_level: int = field(default=logging.INFO, metadata={"reader": "log_level"})


def read_settings() -> Settings:
    """The settings of this process's environment.

    Raises environs.EnvValidationError, naming every variable that can't be used.
    """
    env = Env(prefix="WAYBILL_", eager=False)
    values = {each.name: _read(env, each) for each in fields(Settings)}
    env.seal()
    return Settings(**values)


def _read(env: Env, setting: Field[Any]) -> Any:
    options: dict[str, Any] = {"validate": setting.metadata.get("validate")}
    kind: Any = setting.type
    if issubclass(kind, StrEnum):
        options |= {"enum": kind, "by_value": True}
    if setting.default is not MISSING:
        options["default"] = setting.default
    reader = setting.metadata.get("reader", "enum" if "enum" in options else kind.__name__)
    return getattr(env, reader)(setting.name.upper(), **options)
