"""Checks of the other services: the mail server, and the storage of limits."""

import smtplib
from collections.abc import Iterator

from limits.errors import ConfigurationError
from limits.storage import storage_from_string

from handlers.adapters.plain_text import one_line
from handlers.cli.doctor_settings import MEMORY
from handlers.cli.error_reporting import error_message
from handlers.cli.findings import Finding, error, ok, warning
from handlers.mail.transports import FOLDER, SmtpServer, Unencrypted
from handlers.settings import Settings

_SECONDS = 5.0


def check_limits_storage(settings: Settings) -> Iterator[Finding]:
    """Whether Redis answers, if limits are counted there."""
    if settings.limits_storage == MEMORY or not settings.limits:
        return
    try:
        is_there = storage_from_string(
            settings.limits_storage,
            socket_timeout=_SECONDS,
            socket_connect_timeout=_SECONDS,
        ).check()
    except ConfigurationError as refusal:
        yield error("limits", error_message(refusal) or "")
        return
    if is_there:
        yield ok("limits", "the storage answers")
    else:
        yield error(
            "limits",
            "the storage of WAYBILL_LIMITS_STORAGE does not answer, so logins are answered 503",
        )


def check_mail_server(settings: Settings) -> Iterator[Finding]:
    """Whether the mail server accepts a connection and the password. No e-mail is sent."""
    if not settings.smtp_url:
        yield warning("mail", f"e-mails are written to {FOLDER}/. Set WAYBILL_SMTP_URL")
        return
    server = SmtpServer(settings.smtp_url, settings.mail_domain, _SECONDS)
    try:
        is_encrypted = server.check()
    except Unencrypted:
        yield error("mail", "the server offers no STARTTLS, which the password or the URL needs")
    except smtplib.SMTPAuthenticationError as refusal:
        yield error("mail", f"the server refuses user and password ({refusal.smtp_code})")
    except OSError as refusal:
        yield error(
            "mail", f"the server can't be used: {one_line(refusal.strerror or str(refusal))}"
        )
    else:
        text = "encrypted" if is_encrypted else "not encrypted"
        yield ok("mail", f"the server accepts e-mails, {text}")
