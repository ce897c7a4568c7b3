"""Searches logs, error bodies and the outbox for secrets and personal data.

In two ways, since neither finds all: for the values that were issued, and for texts in the
form of secrets and personal data.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator

import orjson
import sqlalchemy as sa
from stdnum import iban

from faults.environment import Environment
from faults.findings import Finding
from persistence.engine.engines import Pool, connect
from persistence.outbox import outbox_events

# The address of the recipient, which the outbox has to store.
_RECIPIENT = "email"
_PATTERNS = {
    "a cookie": re.compile(r"(?:sessionid|csrftoken|ordergrant|knowndevice)=[\w.%+/-]{8,}"),
    "a key": re.compile(r"Session [\w.-]{20,}"),
    "a seller's token": re.compile(r"wbs_[\w-]{20,}|Bearer [\w.-]{8,}", re.IGNORECASE),
    "a password's hash": re.compile(r"\$argon2\w*\$"),
    "a link's token": re.compile(r"[?&]token=[\w.%-]{20,}"),
    "a password in a URL": re.compile(r"://[^/\s:@\"']*:[^/\s@\"']+@"),
    "an e-mail address": re.compile(r"[\w.+%-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+"),
}
_IBAN = re.compile(r"(?<![A-Z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}", re.IGNORECASE)


def leaks(text: str, issued: Collection[str]) -> Iterator[str]:
    """Yield the kind of each secret in a text, never the secret itself."""
    if any(value in text for value in issued):
        yield "an issued value"
    for kind, pattern in _PATTERNS.items():
        if pattern.search(text):
            yield kind
    if any(_is_iban(match.group()) for match in _IBAN.finditer(text)):
        yield "an IBAN"


def _is_iban(text: str) -> bool:
    """Whether a prefix of the text has valid check digits: words may follow the IBAN."""
    compact = text.replace(" ", "")
    return any(iban.is_valid(compact[:length]) for length in range(15, len(compact) + 1))


def outbox_leaks(environment: Environment) -> list[str]:
    """Return the leaks in the outbox of a database that `Search` does not see."""
    counts = Counter(
        kind for text in _payloads(environment.url) for kind in leaks(text, environment.secrets)
    )
    return [f"{kind} in the outbox: {times} times" for kind, times in counts.items()]


class Search:
    """Searches the output and data of all checks on one database."""

    def __init__(self, database: str) -> None:
        self._database = database
        self._searched: Counter[str] = Counter()
        self._issued = 0
        self._leaks: Counter[str] = Counter()

    def add(self, environment: Environment) -> None:
        """Search the output of servers, the bodies of errors, and the payloads of e-mails."""
        issued = {environment.settings.secret, *environment.secrets}
        self._issued += len(issued)
        for file in environment.outputs:
            with file.open(errors="replace") as lines:
                self._search("lines", f"the output {file.parent.name}/{file.name}", lines, issued)
        bodies = (body.decode(errors="replace") for body in environment.errors)
        self._search("errors", f"errors of {environment.folder.name}", bodies, issued)
        self._search(
            "emails",
            f"the outbox of {environment.folder.name}",
            _payloads(environment.url),
            issued,
        )

    def finding(self) -> Finding:
        """The amount of searched text, and the secrets found."""
        return Finding(
            title="secrets",
            database=self._database,
            count=self._searched.total(),
            required=1,
            requirement="no IBAN, cookie, token, password or e-mail address",
            figures={**self._searched, "values known": self._issued},
            failures=tuple(f"{leak}: {times} times" for leak, times in self._leaks.items()),
        )

    def _search(self, unit: str, place: str, texts: Iterable[str], issued: Collection[str]) -> None:
        for text in texts:
            self._searched[unit] += 1
            for kind in leaks(text, issued):
                self._leaks[f"{kind} in {place}"] += 1


def _payloads(url: str) -> Iterator[str]:
    """The outbox's payloads, without the addresses of recipients."""
    columns = outbox_events.c
    engines = connect(url, Pool(1))
    try:
        with engines.snapshot.connect() as connection:
            for row in connection.execute(sa.select(columns.payload, columns.last_error)):
                payload = {name: value for name, value in row.payload.items() if name != _RECIPIENT}
                yield orjson.dumps([payload, row.last_error]).decode()
    finally:
        engines.dispose()
