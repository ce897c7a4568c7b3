"""Transports for e-mails: an SMTP server, or a folder if none is configured."""

import os
import smtplib
import ssl
from collections.abc import Iterable
from contextlib import closing, suppress
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit
from uuid import UUID

from domain.shared.private_files import make_private_folder, open_private_file
from handlers.settings import Settings

FOLDER = Path("var/mail")
TIMEOUT = 10.0  # seconds, for each answer of the server
_SUBMISSION_PORT, _TLS_PORT = 587, 465


class Mailer(Protocol):
    """Sends e-mails."""

    def send(self, message: EmailMessage) -> None:
        """Return once another system is responsible for the message; raises any exception."""


class Unencrypted(smtplib.SMTPException):
    """The connection is not encrypted, but the password or the settings require it."""


def mailer_of(settings: Settings) -> Mailer:
    """The mailer that the settings select."""
    if settings.smtp_url:
        return SmtpServer(settings.smtp_url, settings.mail_domain)
    return MailFolder(FOLDER)


class MailFolder:
    """Writes each message to a file, readable by its owner only and named after the event.

    A second delivery replaces the file, atomically.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, message: EmailMessage) -> None:
        make_private_folder(self._folder)
        name = message["Message-ID"].strip("<>").partition("@")[0]
        part = self._folder / f".{name}.part"
        with open_private_file(part) as file:
            file.write(message.as_bytes())
            file.flush()
            os.fsync(file.fileno())
        part.replace(self._folder / f"{name}.eml")


def remove_emails(folder: Path, uuids: Iterable[UUID]) -> None:
    """Delete the files of these events, if any."""
    for uuid in uuids:
        (folder / f"{uuid}.eml").unlink(missing_ok=True)


class SmtpServer:
    """Sends by ``smtp://`` (STARTTLS if offered), ``smtp+starttls://`` (STARTTLS required) or
    ``smtps://`` (TLS from the start).

    Certificates are checked. ``greeting`` is our name for EHLO: finding it out takes a look-up that
    may hang. A password is sent to another machine over an encrypted connection only, so that a man
    in the middle cannot obtain it by removing the STARTTLS offer.
    """

    def __init__(self, url: str, greeting: str, timeout: float = TIMEOUT) -> None:
        parts = urlsplit(url)
        self._is_tls = parts.scheme == "smtps"
        self._needs_tls = parts.scheme == "smtp+starttls"
        self._host = parts.hostname or ""
        self._port = parts.port or (_TLS_PORT if self._is_tls else _SUBMISSION_PORT)
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")
        self._greeting = greeting
        self._timeout = timeout
        self._tls = ssl.create_default_context()

    def send(self, message: EmailMessage) -> None:
        """Raises OSError (SMTPException is a subclass) if the server did not accept it."""
        # Leaving `with smtplib.SMTP()` sends QUIT, and waits for a server that hangs.
        with closing(self._connect()) as smtp:
            self._prepare(smtp)
            smtp.send_message(_encoded_in_7_bits(message))
            # The server has accepted the message: a failing QUIT must not cause a second attempt.
            with suppress(OSError):
                smtp.quit()

    def check(self) -> bool:
        """Connect and log in as for an e-mail, and send none; return whether it was encrypted.

        Raises as ``send`` does.
        """
        with closing(self._connect()) as smtp:
            is_encrypted = self._prepare(smtp)
            with suppress(OSError):
                smtp.quit()
        return is_encrypted

    def _connect(self) -> smtplib.SMTP:
        if self._is_tls:
            return smtplib.SMTP_SSL(
                self._host,
                self._port,
                self._greeting,
                timeout=self._timeout,
                context=self._tls,
            )
        return smtplib.SMTP(self._host, self._port, self._greeting, self._timeout)

    def _prepare(self, smtp: smtplib.SMTP) -> bool:
        """Greet, encrypt and log in; return whether the connection is encrypted."""
        smtp.ehlo_or_helo_if_needed()
        is_encrypted = self._is_tls
        if not is_encrypted and smtp.has_extn("starttls"):
            smtp.starttls(context=self._tls)
            is_encrypted = True
        if self._needs_tls and not is_encrypted:
            raise Unencrypted
        if self._user:
            if not is_encrypted and not _is_local(self._host):
                raise Unencrypted
            smtp.login(self._user, self._password)
        return is_encrypted


def _is_local(host: str) -> bool:
    """Whether ``host`` is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _encoded_in_7_bits(message: EmailMessage) -> EmailMessage:
    """The message encoded for servers without 8BITMIME."""
    message.policy = message.policy.clone(cte_type="7bit")
    return message
