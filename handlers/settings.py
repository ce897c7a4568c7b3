"""Settings: environment variables named WAYBILL_…, read once at start."""

import logging
from dataclasses import dataclass, fields
from enum import StrEnum

from environs import Env
from marshmallow.validate import Length, OneOf, Range, Regexp

from handlers.contract.violations import ResponseValidation

LANGUAGES = ("en-us", "tr-tr")


class LogFormat(StrEnum):
    """Lines for a person, or one JSON object a line."""

    CONSOLE = "console"
    JSON = "json"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that can be set; the README lists each with its meaning."""

    secret: str
    database_url: str = "sqlite:///var/waybill.sqlite3"
    database_pool_size: int = 10
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    trusted_proxies: int = 0
    session_cookie: str = "sessionid"
    session_days: int = 14
    secure_cookies: bool = False
    default_language: str = "en-us"
    return_window_days: int = 14
    response_validation: ResponseValidation = ResponseValidation.ENFORCE
    limits: bool = True
    limits_storage: str = "memory://"
    log_format: LogFormat = LogFormat.CONSOLE
    log_level: int = logging.INFO


_DEFAULTS = {each.name: each.default for each in fields(Settings)}
_POSITIVE = Range(min=1)
_COOKIE_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z"  # a token of RFC 9110


def read_settings() -> Settings:
    """The settings of this process's environment.

    Raises environs.EnvValidationError, naming every variable that can't be used.
    """
    env = Env(prefix="WAYBILL_", eager=False)
    values = {
        "secret": env.str("SECRET", validate=Length(min=32)),
        "database_url": env.str("DATABASE_URL", _DEFAULTS["database_url"]),
        "database_pool_size": _integer(env, "database_pool_size", _POSITIVE),
        "host": env.str("HOST", _DEFAULTS["host"]),
        "port": _integer(env, "port", Range(min=1, max=65535)),
        "workers": _integer(env, "workers", _POSITIVE),
        "trusted_proxies": _integer(env, "trusted_proxies", Range(min=0)),
        "session_cookie": env.str(
            "SESSION_COOKIE", _DEFAULTS["session_cookie"], validate=Regexp(_COOKIE_NAME)
        ),
        "session_days": _integer(env, "session_days", _POSITIVE),
        "secure_cookies": env.bool("SECURE_COOKIES", _DEFAULTS["secure_cookies"]),
        "default_language": env.str(
            "DEFAULT_LANGUAGE", _DEFAULTS["default_language"], validate=OneOf(LANGUAGES)
        ),
        "return_window_days": _integer(env, "return_window_days", Range(min=0)),
        "response_validation": env.enum(
            "RESPONSE_VALIDATION",
            _DEFAULTS["response_validation"],
            enum=ResponseValidation,
            by_value=True,
        ),
        "limits": env.bool("LIMITS", _DEFAULTS["limits"]),
        "limits_storage": env.str("LIMITS_STORAGE", _DEFAULTS["limits_storage"]),
        "log_format": env.enum(
            "LOG_FORMAT", _DEFAULTS["log_format"], enum=LogFormat, by_value=True
        ),
        "log_level": env.log_level("LOG_LEVEL", _DEFAULTS["log_level"]),
    }
    env.seal()
    return Settings(**values)


def _integer(env: Env, name: str, bounds: Range) -> int:
    return env.int(name.upper(), _DEFAULTS[name], validate=bounds)
