"""SMTP servers: a real one, and some that misbehave."""

import asyncio
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.support.server import free_port

USER, PASSWORD = "shop@example", "p@ss:word/%"
QUOTED_USER, QUOTED_PASSWORD = "shop%40example", "p%40ss%3Aword%2F%25"


class MailServer:
    """Records what it receives; if ``refusal`` is set, it is the reply to every RCPT.

    It sets ``has_email`` once it has received an e-mail, and replies when ``may_reply`` is set.
    """

    def __init__(self) -> None:
        self.port = free_port()
        self.emails: list[bytes] = []
        self.recipients: list[list[str]] = []
        self.logins: list[bytes] = []
        self.was_encrypted: list[bool] = []
        self.refusal: str | None = None
        self.has_email = threading.Event()
        self.may_reply = threading.Event()
        self.may_reply.set()

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.refusal:
            return self.refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _: SMTP, session: Session, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)
        self.emails.append(envelope.content)
        self.recipients.append(envelope.rcpt_tos)
        self.was_encrypted.append(session.ssl is not None)
        self.has_email.set()
        await asyncio.to_thread(self.may_reply.wait)
        return "250 OK"

    def authenticate(self, _: SMTP, _session: Any, _envelope: Any, _method: str, data: Any) -> Any:
        assert isinstance(data, LoginPassword)
        self.logins.append(data.login)
        is_right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=is_right, handled=False)


@contextmanager
def running(**options: Any) -> Iterator[MailServer]:
    """A real server on 127.0.0.1; its options are aiosmtpd's."""
    mail_server = MailServer()
    controller = Controller(
        mail_server,
        hostname="127.0.0.1",
        port=mail_server.port,
        authenticator=mail_server.authenticate,
        **options,
    )
    controller.start()
    try:
        yield mail_server
    finally:
        controller.stop()


@contextmanager
def silent() -> Iterator[int]:
    """The port of a server that accepts connections and never sends anything."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@contextmanager
def hanging_up(reply: bytes) -> Iterator[int]:
    """The port of a server that reads an e-mail, sends ``reply`` and closes the connection."""

    class Conversation(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 here\r\n")
            while line := self.rfile.readline():
                if line.upper().startswith(b"DATA"):
                    self.wfile.write(b"354 go on\r\n")
                    while self.rfile.readline() != b".\r\n":
                        pass
                    self.wfile.write(reply)
                    return
                self.wfile.write(b"250 fine\r\n")

    with socketserver.TCPServer(("127.0.0.1", 0), Conversation) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()
