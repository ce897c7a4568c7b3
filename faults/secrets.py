"""Whether anything that is nobody's business stands in logs, errors or the outbox.

Two ways, since neither finds all: values that were handed out are looked for as they are, and
texts of the shapes that secrets and people's data have, whoever they are of.
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

# The address that a letter goes to: without it there is no letter.
_NEEDED = "email"
_SHAPES = {
    "a cookie": re.compile(r"(?:sessionid|csrftoken|ordergrant|knowndevice)=[\w.%+/-]{8,}"),
    "a key": re.compile(r"Session [\w.-]{20,}"),
    "a seller's token": re.compile(r"wbs_[\w-]{20,}|Bearer [\w.-]{8,}", re.IGNORECASE),
    "a password's hash": re.compile(r"\$argon2\w*\$"),
    "a link's token": re.compile(r"[?&]token=[\w.%-]{20,}"),
    "a password in a URL": re.compile(r"://[^/\s:@\"']*:[^/\s@\"']+@"),
    "an e-mail address": re.compile(r"[\w.+%-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+"),
}
_IBAN = re.compile(r"(?<![A-Z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}", re.IGNORECASE)


def leaks(text: str, handed_out: Collection[str]) -> Iterator[str]:
    """Yield the kind of each secret in a text, never the secret itself."""
    if any(value in text for value in handed_out):
        yield "a value that was handed out"
    for kind, shape in _SHAPES.items():
        if shape.search(text):
            yield kind
    if any(_is_iban(found.group()) for found in _IBAN.finditer(text)):
        yield "an IBAN"


def _is_iban(text: str) -> bool:
    """Whether some beginning of the text has the right check digits: words may follow."""
    compact = text.replace(" ", "")
    return any(iban.is_valid(compact[:length]) for length in range(15, len(compact) + 1))


def outbox_leaks(environment: Environment) -> list[str]:
    """Return what stands in the outbox of a database that is gone before all is looked through."""
    found = Counter(
        kind for text in _letters(environment.url) for kind in leaks(text, environment.secrets)
    )
    return [f"{kind} in the outbox: {times} times" for kind, times in found.items()]


class Search:
    """Goes through all that the checks on one database leave behind."""

    def __init__(self, database: str) -> None:
        self._database = database
        self._looked_at: Counter[str] = Counter()
        self._handed_out = 0
        self._found: Counter[str] = Counter()

    def look_through(self, environment: Environment) -> None:
        """Look at what servers said, at the bodies of errors, and at the letters' payloads."""
        handed_out = {environment.settings.secret, *environment.secrets}
        self._handed_out += len(handed_out)
        for file in environment.outputs:
            with file.open(errors="replace") as lines:
                self._look("lines", f"the output {file.parent.name}/{file.name}", lines, handed_out)
        bodies = (body.decode(errors="replace") for body in environment.errors)
        self._look("errors", f"errors of {environment.folder.name}", bodies, handed_out)
        self._look(
            "letters",
            f"the outbox of {environment.folder.name}",
            _letters(environment.url),
            handed_out,
        )

    def finding(self) -> Finding:
        """What there was to look at, and what should not have been there."""
        return Finding(
            test="secrets",
            database=self._database,
            amount=self._looked_at.total(),
            wanted=1,
            bar="no IBAN, cookie, token, password or e-mail address",
            figures={**self._looked_at, "values known": self._handed_out},
            failures=tuple(f"{told}: {times} times" for told, times in self._found.items()),
        )

    def _look(
        self, unit: str, place: str, texts: Iterable[str], handed_out: Collection[str]
    ) -> None:
        for text in texts:
            self._looked_at[unit] += 1
            for kind in leaks(text, handed_out):
                self._found[f"{kind} in {place}"] += 1


def _letters(url: str) -> Iterator[str]:
    """What the outbox keeps of each letter, without the address that it goes to."""
    columns = outbox_events.c
    engines = connect(url, Pool(1))
    try:
        with engines.snapshot.connect() as connection:
            for row in connection.execute(sa.select(columns.payload, columns.last_error)):
                kept = {name: each for name, each in row.payload.items() if name != _NEEDED}
                yield orjson.dumps([kept, row.last_error]).decode()
    finally:
        engines.dispose()
