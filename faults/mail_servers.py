"""A mail server that refuses, hangs, or accepts without a reply, once for each e-mail."""

import re
import socketserver
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, auto
from functools import partial
from itertools import count
from threading import Event, Lock

from faults.threads import running

_MESSAGE_ID = re.compile(rb"^Message-ID:\s*<([^@>]+)@", re.MULTILINE | re.IGNORECASE)
_CLOSED_EVERY, _SILENT_EVERY = 13, 23


class Behaviour(Enum):
    """How the server treats an e-mail the first time."""

    REFUSED = auto()
    REFUSED_AFTER_DATA = auto()
    ACCEPTED_WITHOUT_REPLY = auto()
    ACCEPTED_THEN_CLOSED = auto()
    CLOSED_AFTER_REPLY = auto()
    ACCEPTED = auto()


_BEHAVIOURS = (*Behaviour, *[Behaviour.ACCEPTED] * 9)


class MailServer(socketserver.ThreadingTCPServer):
    """A server on 127.0.0.1, which also closes or ignores some connections.

    ``received`` counts complete e-mails by Message-ID, ``confirmed`` those among them that got a
    positive reply.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.received: Counter[str] = Counter()
        self.confirmed: Counter[str] = Counter()
        self.behaviours: Counter[Behaviour] = Counter()
        self.ended = Event()
        self._recipients: dict[str, int] = {}
        self._connections = count(1)
        self._lock = Lock()

    @property
    def port(self) -> int:
        """The port that it listens on."""
        port: int = self.server_address[1]
        return port

    def connection_number(self) -> int:
        """The number of a new connection."""
        with self._lock:
            return next(self._connections)

    def behaviour(self, recipient: str) -> Behaviour:
        """How to treat an e-mail; a second one to the same address is accepted."""
        with self._lock:
            is_new = recipient not in self._recipients
            number = self._recipients.setdefault(recipient, len(self._recipients))
            behaviour = _BEHAVIOURS[number % len(_BEHAVIOURS)] if is_new else Behaviour.ACCEPTED
            self.behaviours[behaviour] += 1
        return behaviour

    def record(self, message: bytes, *, is_confirmed: bool) -> None:
        """Count a complete e-mail."""
        match = _MESSAGE_ID.search(message)
        name = match[1].decode() if match else "nameless"
        with self._lock:
            self.received[name] += 1
            self.confirmed[name] += is_confirmed


class _Conversation(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        connection_number = self.server.connection_number()
        if connection_number % _CLOSED_EVERY == 0:
            return
        if connection_number % _SILENT_EVERY == 0:
            self.server.ended.wait()
            return
        try:
            self._converse()
        except ConnectionError:
            return

    def _converse(self) -> None:
        self._reply("220 here")
        behaviour = Behaviour.ACCEPTED
        while line := self.rfile.readline():
            command = line[:4].upper()
            if command == b"RCPT":
                behaviour = self.server.behaviour(line.decode())
                self._reply("451 later" if behaviour is Behaviour.REFUSED else "250 fine")
            elif command == b"DATA":
                self._reply("354 go on")
                if not self._receive(behaviour):
                    return
            else:
                self._reply("221 bye" if command == b"QUIT" else "250 fine")

    def _receive(self, behaviour: Behaviour) -> bool:
        """Receive an e-mail; return whether the conversation continues."""
        message = b"".join(iter(self.rfile.readline, b".\r\n"))
        if behaviour is Behaviour.REFUSED_AFTER_DATA:
            self._reply("452 no room")
            return True
        is_confirmed = behaviour in (Behaviour.ACCEPTED, Behaviour.CLOSED_AFTER_REPLY)
        self.server.record(message, is_confirmed=is_confirmed)
        if behaviour is Behaviour.ACCEPTED_WITHOUT_REPLY:
            self.server.ended.wait()
        if is_confirmed:
            self._reply("250 taken")
        return behaviour is Behaviour.ACCEPTED

    def _reply(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """A running server; it ends with the block."""
    with MailServer() as server:

        def end() -> None:
            server.ended.set()
            server.shutdown()

        with running([partial(server.serve_forever, 0.01)], end):
            yield server
