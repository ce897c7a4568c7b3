"""Checks of the settings alone, and whether they fit together."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from domain.shared.private_files import is_open_to_others
from handlers.cli.error_reporting import NEW_SECRET
from handlers.cli.findings import Finding, error, ok, warning
from handlers.cli.secret_strength import is_strong
from handlers.settings import Settings
from persistence.engine.engines import database_files

MEMORY = "memory://"
_LOCAL = {"localhost", "127.0.0.1", "::1"}


def check_secrets(settings: Settings) -> Iterator[Finding]:
    """Whether the secrets can be guessed."""
    guessable = [
        variable
        for variable, secret in (
            ("WAYBILL_SECRET", settings.secret),
            ("WAYBILL_SECRET_PREVIOUS", settings.secret_previous),
        )
        if secret and not is_strong(secret)
    ]
    if guessable:
        names = " and ".join(guessable)
        yield error("secret", f"{names} can be guessed. Make one: {NEW_SECRET}")
    elif settings.secret_previous:
        yield ok("secret", "two secrets are accepted; remove one when the change is complete")
    else:
        yield ok("secret", "it can't be guessed")


def check_public_url(settings: Settings) -> Iterator[Finding]:
    """Whether the public URL, proxies and cookies fit together."""
    problem = _problem_of_public_url(settings)
    yield problem or ok("public url", settings.base_url)


def _problem_of_public_url(settings: Settings) -> Finding | None:
    name = "public url"
    url = urlsplit(settings.public_url)
    is_local = url.hostname in _LOCAL
    if not settings.public_url:
        text = f"links in e-mails begin with {settings.base_url}. Set WAYBILL_PUBLIC_URL"
        return warning(name, text)
    if url.scheme == "http" and _needs_https(settings):
        return error(
            name,
            "browsers refuse Secure cookies from http. Set WAYBILL_PUBLIC_URL to https://…, or"
            " WAYBILL_SECURE_COOKIES and WAYBILL_SESSION_COOKIE back to their defaults",
        )
    if url.scheme == "http" and not is_local:
        return warning(name, "without https, others on the network can read passwords and cookies")
    if url.scheme == "https" and not settings.trusted_proxies:
        return warning(
            name,
            "a proxy in front ends TLS, but none is trusted, so that all clients share the limits"
            " of one network. Set WAYBILL_TRUSTED_PROXIES",
        )
    return None


def _needs_https(settings: Settings) -> bool:
    return settings.secure_cookies or settings.session_cookie.startswith("__")


def check_limits(settings: Settings) -> Iterator[Finding]:
    """Whether failed attempts are limited, and counted for all workers together."""
    if not settings.limits:
        yield warning("limits", "failed logins are not limited. Set WAYBILL_LIMITS to true")
    elif counts_separately(settings):
        yield warning("limits", separate_limits(settings))
    elif settings.limits_storage == MEMORY:
        yield ok("limits", "counted in memory by one worker")


def counts_separately(settings: Settings) -> bool:
    """Whether several workers count failed attempts in their own memory."""
    return settings.limits and settings.workers > 1 and settings.limits_storage == MEMORY


def separate_limits(settings: Settings) -> str:
    """What separate counters mean, and what to do."""
    return (
        f"each of {settings.workers} workers counts failed attempts separately, so that"
        f" {settings.workers} times as many are possible. Set WAYBILL_LIMITS_STORAGE to redis://…"
    )


def check_sender(settings: Settings) -> Iterator[Finding]:
    """Whether e-mails have a sender of their own."""
    if settings.smtp_url and settings.mail_domain == "localhost":
        text = f"e-mails are from {settings.mail_from}. Set WAYBILL_MAIL_FROM"
        yield warning("sender", text)


def check_files(settings: Settings) -> Iterator[Finding]:
    """Whether other users of the machine can read the files of an SQLite database."""
    paths = database_files(settings.database_url)
    open_paths = " ".join(str(path) for path in paths if is_open_to_others(path))
    if open_paths:
        yield warning("files", f"other users can read personal data. chmod go= {open_paths}")
    elif paths:
        yield ok("files", "no other user of this machine can read the database")
