"""Every operation of the contract, by everybody, about what is theirs, another's and absent."""

import re
from collections import Counter
from hashlib import sha256
from itertools import product

import sqlalchemy as sa

from faults.environment import Environment
from faults.findings import Finding
from faults.identities import BEARERS, SHOPPER, Identity, Owner, identities
from faults.operations import Operation, Target, operations
from faults.raw_client import exchange_sync
from faults.scale import Scale
from persistence.engine.engines import Pool, connect
from persistence.sql.columns import metadata
from tests.edge.exchange import RawResponse
from tests.support.server import Server

REQUIREMENT = (
    "0 leaks: as the contract admits; another's is answered as what is absent, and stays as it is"
)
_OWNED = ("orders", "order_items", "cancellation_requests", "trade_in_offers", "outbox_events")
_DENIED = {401, 403}
# The page that refuses a log-out has a form, and the form the CSRF token of its reader.
_FORM_TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="\w+"')


class Matrix:
    """Asks a server, and notes what nobody should have been told."""

    def __init__(self, environment: Environment, server: Server, people: list[Identity]) -> None:
        self.asked = 0
        self.failures: list[str] = []
        self.people = people
        self.seen = Counter[str]()
        self._environment = environment
        self._port = server.port
        self._reason = environment.shop.reason().pk
        self._owners = {id(each): each for who in people for each in (who.owner, who.stranger)}

    def ask_about_others(self, operation: Operation, who: Identity) -> None:
        """About a stranger's things, and about what is not there: the answers are the same."""
        foreign, absent = (
            self._exchange(operation, who, each) for each in (Target.of(who.stranger), Target())
        )
        self._judge(operation, who, foreign)
        if (foreign.status, foreign.body) != (absent.status, absent.body):
            self._note(operation, who, f"{foreign.status} to another's, {absent.status} to none")
        # Guests get their newest order, whichever they ask for.
        if foreign.status < 300 and not (who.is_guest and not operation.is_unsafe):
            self._note(operation, who, f"{foreign.status} to another's")

    def ask_about_own(self, operation: Operation, who: Identity) -> None:
        """About what is theirs: who is admitted is not turned away."""
        response = self._exchange(operation, who, Target.of(who.owner))
        self._judge(operation, who, response)
        if not operation.admits(who) or operation.needs_token(who):
            return
        turned_away = _DENIED | (set() if _has_nothing(operation, who) else {404})
        if response.status in turned_away:
            self._note(operation, who, f"{response.status} to what is theirs")

    def _exchange(self, operation: Operation, who: Identity, target: Target) -> RawResponse:
        self.asked += 1
        response = exchange_sync(self._port, operation.request(who, target, self._reason)).response
        if response.status >= 400:
            self._environment.errors.add(_FORM_TOKEN.sub(b"", response.body))
        return response

    def _judge(self, operation: Operation, who: Identity, response: RawResponse) -> None:
        if response.status == 0 or response.status >= 500:
            self._note(operation, who, f"{response.status}")
        is_denied = response.status in _DENIED
        if not operation.admits(who) and not is_denied:
            self._note(operation, who, f"{response.status}, who is not admitted")
        if operation.security and operation.needs_token(who) and not is_denied:
            self._note(operation, who, f"{response.status} without a token")
        self.seen[who.name] += bool(_seen(who.owner, response))
        for owner in self._owners.values():
            if owner is not who.owner and (seen := _seen(owner, response)):
                self._note(operation, who, f"sees {sorted(seen)} of another")

    def _note(self, operation: Operation, who: Identity, what: str) -> None:
        self.failures.append(f"{operation.name} by {who.name}: {what}")


def check(environment: Environment, _scale: Scale) -> Finding:
    """All about others first, after which nothing has changed; then all about one's own."""
    every = list(operations())
    with environment.serve(workers=1, WAYBILL_LIMITS="false") as server:
        matrix = Matrix(environment, server, list(identities(environment, server)))
        naming = [each for each in every if each.names_something(matrix.people[0])]
        before = _digest(environment)
        for operation, who in product(naming, matrix.people):
            matrix.ask_about_others(operation, who)
        if _digest(environment) != before:
            matrix.failures.append("something of another's has changed")
        for operation, who in product(every, matrix.people):
            matrix.ask_about_own(operation, who)
        if _digest(environment) == before:
            matrix.failures.append("nobody could change what is theirs")
        matrix.failures += [
            f"{who.name} sees nothing that is theirs"
            for who in matrix.people
            if (who.key_of or who.scheme) in {SHOPPER, *BEARERS.values()}
            and not matrix.seen[who.name]
        ]
    return Finding(
        title="authorization matrix",
        database=environment.kind,
        count=matrix.asked,
        required=(len(every) + 2 * len(naming)) * len(matrix.people),
        requirement=REQUIREMENT,
        figures={
            "operations": len(every),
            "identities": len(matrix.people),
            "own things seen": matrix.seen.total(),
        },
        failures=tuple(matrix.failures),
    )


def _has_nothing(operation: Operation, who: Identity) -> bool:
    """Whether 404 is the right answer, too: guests have no old orders, and nobody looks rightly."""
    of_old = "OldOrder" in operation.name
    return (who.is_guest and of_old) or operation.name in {
        "lookUpAnonymousOrder",
        "getDocumentationAsset",
        "createHandover",
    }


def _seen(owner: Owner, response: RawResponse) -> set[str]:
    told = response.body.decode("utf-8", "replace") + " ".join(response.headers.values())
    return {word for word in owner.words if word in told}


def _digest(environment: Environment) -> bytes:
    """Of all rows that are somebody's."""
    engine = connect(environment.url, Pool(1)).snapshot
    told = sha256()
    with engine.connect() as connection:
        for table in (each for each in metadata.sorted_tables if each.name in _OWNED):
            told.update(repr(sorted(map(repr, connection.execute(sa.select(table))))).encode())
    engine.dispose()
    return told.digest()
