"""Every operation of the contract, asked by everybody for what is everybody's: nothing leaks."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import sqlalchemy as sa

from faults.amounts import Amounts
from faults.findings import Finding
from faults.ground import Ground
from faults.owners import NOTHING, Belongings, Identity, Owner, Town
from faults.recipes import RECIPES, names_something
from handlers.contract.bundle import load_contract
from handlers.contract.operations import METHODS
from persistence.audit import audit_entries
from persistence.cancellations import cancellation_requests
from persistence.engines import Pool, connect
from persistence.order_items import order_items
from persistence.trade_in_offers import trade_in_offers

BAR = "0 leaks: refused, or told byte by byte what is told of things that are not there"
_UNAUTHORIZED, _FORBIDDEN = 401, 403
# What strangers would change if they could.
_TABLES = (cancellation_requests, order_items, trade_in_offers, audit_entries)
# It ends a session, so it comes when nobody needs one any more.
_LAST = "logOut"


def check(ground: Ground, amounts: Amounts) -> Finding:
    """All strangers first, whose requests change nothing, and then everybody for their own."""
    operations = sorted(_operations(), key=lambda each: each.name == _LAST)
    with ground.serve(workers=1, WAYBILL_LIMITS="false") as server:
        town = Town(ground, server)
        matrix = Matrix(town, town.owners[: amounts.owners])
        with ground.client(server) as client:
            before = _rows(ground)
            for operation in operations[:-1]:
                matrix.strangers(client, operation)
            if _rows(ground) != before:
                matrix.failures.append("a stranger has changed something")
            for operation in operations[:-1]:
                matrix.own(client, operation)
            matrix.own(client, operations[-1])
            matrix.strangers(client, operations[-1])
    matrix.failures += [
        f"{each.name}: nobody was let in"
        for each in operations
        if each.security and not matrix.granted[each.name]
    ]
    return Finding(
        test="authorization matrix",
        database=ground.kind,
        amount=matrix.asked,
        wanted=len(operations) * len(town.identities) * amounts.owners,
        bar=BAR,
        figures={
            "operations": len(operations),
            "identities": len(town.identities),
            "owners": amounts.owners,
            "let in": matrix.granted.total(),
            "refused": matrix.refused,
            "told nothing": matrix.told_nothing,
        },
        failures=tuple(matrix.failures),
    )


@dataclass(frozen=True)
class Operation:
    """An operation as the document has it; ``security`` are its alternatives, by scheme."""

    name: str
    method: str
    path: str
    security: list[Mapping[str | None, list[str]]]

    def is_open_to(self, identity: Identity) -> bool:
        """Whether the contract lets them in."""
        return not self.security or any(
            not alternative or identity.scopes >= set(alternative[identity.scheme])
            for alternative in self.security
            if not alternative or identity.scheme in alternative
        )


class Matrix:
    """The requests of one run, and what was wrong with their answers."""

    def __init__(self, town: Town, owners: Sequence[Owner]) -> None:
        self.failures: list[str] = []
        self.asked = self.refused = self.told_nothing = 0
        self.granted: Counter[str] = Counter()
        self._town = town
        self._owners = owners

    def strangers(self, client: httpx.Client, operation: Operation) -> None:
        """Have all ask who may not use the operation, or not for this owner's things."""
        for identity in self._town.identities:
            absent = None
            for owner in self._owners:
                if not operation.is_open_to(identity):
                    self._refused(client, operation, identity, owner)
                elif identity.owns != owner.name:
                    absent = absent or self._ask(client, operation, identity, NOTHING)
                    self._told_nothing(client, operation, identity, owner, absent)

    def own(self, client: httpx.Client, operation: Operation) -> None:
        """Have all ask for what is theirs, where they may."""
        for identity in self._town.identities:
            for owner in self._owners:
                if operation.is_open_to(identity) and identity.owns == owner.name:
                    response = self._asked(client, operation, identity, owner)
                    self.granted[operation.name] += not response.is_error

    def _refused(
        self, client: httpx.Client, operation: Operation, identity: Identity, owner: Owner
    ) -> None:
        response = self._asked(client, operation, identity, owner)
        is_known = any(identity.scheme in alternative for alternative in operation.security)
        wanted = _FORBIDDEN if is_known else _UNAUTHORIZED
        self.refused += 1
        if response.status_code != wanted:
            self._fail(operation, identity, owner, f"{response.status_code}, not {wanted}")

    def _told_nothing(
        self,
        client: httpx.Client,
        operation: Operation,
        identity: Identity,
        owner: Owner,
        absent: httpx.Response,
    ) -> None:
        """What is another's is as if it were not there, byte by byte."""
        response = self._asked(client, operation, identity, owner)
        self.told_nothing += 1
        if names_something(operation.name) and _told(response) != _told(absent):
            self._fail(operation, identity, owner, f"{_told(response)}, not {_told(absent)}")

    def _asked(
        self, client: httpx.Client, operation: Operation, identity: Identity, owner: Owner
    ) -> httpx.Response:
        """Ask for the owner's things, and look for words that are not for this identity."""
        self.asked += 1
        response = self._ask(client, operation, identity, owner.belongings)
        said = response.content + str(response.headers.multi_items()).encode()
        for other in self._town.owners:
            if other.name not in identity.sees and (leaked := _among(other.words, said)):
                self._fail(operation, identity, owner, f"tells {other.name}'s {leaked}")
        return response

    def _ask(
        self, client: httpx.Client, operation: Operation, identity: Identity, thing: Belongings
    ) -> httpx.Response:
        asked = RECIPES[operation.name](thing, self._town.reason)
        tokens = (
            {"token": identity.tokens[operation.name]} if operation.name in identity.tokens else {}
        )
        return client.request(
            operation.method,
            operation.path.format_map(asked.path),
            params={**asked.query, **tokens},
            json=asked.body,
            headers=dict(identity.headers),
        )

    def _fail(self, operation: Operation, identity: Identity, owner: Owner, what: str) -> None:
        self.failures.append(f"{operation.name}, {identity.name}, of {owner.name}: {what}")


def _operations() -> Iterator[Operation]:
    """Those of the document itself, so that none is left out."""
    document = load_contract().document
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                found = item[method]
                security = found.get("security", document["security"])
                yield Operation(found["operationId"], method.upper(), path, security)


def _rows(ground: Ground) -> list[Sequence[Any]]:
    engines = connect(ground.url, Pool(1))
    try:
        with engines.snapshot.connect() as connection:
            return [
                connection.execute(sa.select(table).order_by(*table.primary_key)).all()
                for table in _TABLES
            ]
    finally:
        engines.dispose()


def _told(response: httpx.Response) -> tuple[int, bytes]:
    return response.status_code, response.content


def _among(words: Iterable[bytes], said: bytes) -> list[bytes]:
    return [word for word in words if word in said]
