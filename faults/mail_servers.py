"""A mail server that refuses, hangs, and takes letters without a word: each letter once."""

import re
import socketserver
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, auto
from itertools import count
from threading import Event, Lock, Thread

_MESSAGE_ID = re.compile(rb"^Message-ID:\s*<([^@>]+)@", re.MULTILINE | re.IGNORECASE)
_DROPPED_EVERY, _SILENT_EVERY = 13, 23


class Mood(Enum):
    """What becomes of a letter the first time that it comes."""

    REFUSED = auto()
    REFUSED_LATE = auto()
    TAKEN_IN_SILENCE = auto()
    TAKEN_AND_DROPPED = auto()
    DROPPED_AFTERWARDS = auto()
    FINE = auto()


_MOODS = (*Mood, *[Mood.FINE] * 9)


class MailServer(socketserver.ThreadingTCPServer):
    """On 127.0.0.1; every so many connections are dropped or met with silence besides.

    ``taken`` counts by the id of the letter how often it came in whole, ``confirmed`` how often
    its sender was told so.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.taken: Counter[str] = Counter()
        self.confirmed: Counter[str] = Counter()
        self.moods: Counter[Mood] = Counter()
        self.ended = Event()
        self._recipients: dict[str, int] = {}
        self._connections = count(1)
        self._lock = Lock()

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self.server_address[1]
        return port

    def number(self) -> int:
        """Of a new connection."""
        with self._lock:
            return next(self._connections)

    def mood(self, recipient: str) -> Mood:
        """How to treat a letter; whoever has got one to this address before is fine."""
        with self._lock:
            is_new = recipient not in self._recipients
            number = self._recipients.setdefault(recipient, len(self._recipients))
            mood = _MOODS[number % len(_MOODS)] if is_new else Mood.FINE
            self.moods[mood] += 1
        return mood

    def note(self, letter: bytes, *, is_confirmed: bool) -> None:
        """Count a letter that came in whole."""
        found = _MESSAGE_ID.search(letter)
        name = found[1].decode() if found else "nameless"
        with self._lock:
            self.taken[name] += 1
            self.confirmed[name] += is_confirmed


class _Conversation(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        number = self.server.number()
        if number % _DROPPED_EVERY == 0:
            return
        if number % _SILENT_EVERY == 0:
            self.server.ended.wait()
            return
        try:
            self._talk()
        except ConnectionError:
            return

    def _talk(self) -> None:
        self._say("220 here")
        mood = Mood.FINE
        while line := self.rfile.readline():
            command = line[:4].upper()
            if command == b"RCPT":
                mood = self.server.mood(line.decode())
                self._say("451 later" if mood is Mood.REFUSED else "250 fine")
            elif command == b"DATA":
                self._say("354 go on")
                if not self._take(mood):
                    return
            else:
                self._say("221 bye" if command == b"QUIT" else "250 fine")

    def _take(self, mood: Mood) -> bool:
        """Take a letter; returns whether the conversation goes on."""
        letter = b"".join(iter(self.rfile.readline, b".\r\n"))
        if mood is Mood.REFUSED_LATE:
            self._say("452 no room")
            return True
        is_confirmed = mood in (Mood.FINE, Mood.DROPPED_AFTERWARDS)
        self.server.note(letter, is_confirmed=is_confirmed)
        if mood is Mood.TAKEN_IN_SILENCE:
            self.server.ended.wait()
        if is_confirmed:
            self._say("250 taken")
        return mood is Mood.FINE

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """A running server; it ends with the block."""
    with MailServer() as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.ended.set()
            server.shutdown()
            thread.join()
