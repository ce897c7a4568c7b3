"""Every operation of the contract, by every kind of caller, on own, foreign and absent objects."""

import re
from collections import Counter
from hashlib import sha256
from itertools import product

import sqlalchemy as sa

from faults.environment import Environment
from faults.findings import Finding
from faults.identities import BEARERS, SHOPPER, Identity, Owner, make_identities
from faults.operations import Operation, Target, contract_operations
from faults.raw_client import exchange_sync
from faults.scale import Scale
from persistence.engine.engines import Pool, connect
from persistence.sql.columns import metadata
from tests.edge.exchange import RawResponse
from tests.support.server import Server

REQUIREMENT = "0 leaks: only admitted callers; foreign objects look absent and do not change"
_OWNED = ("orders", "order_items", "cancellation_requests", "trade_in_offers", "outbox_events")
_DENIED = {401, 403}
# The page that refuses a log-out has a form with the caller's own CSRF token.
_FORM_TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="\w+"')


class Matrix:
    """Sends the requests to a server, and records failures of authorization."""

    def __init__(
        self, environment: Environment, server: Server, identities: list[Identity]
    ) -> None:
        self.sent_requests = 0
        self.failures: list[str] = []
        self.identities = identities
        self.seen = Counter[str]()
        self._environment = environment
        self._port = server.port
        self._reason = environment.shop.reason().pk
        owners = [owner for caller in identities for owner in (caller.owner, caller.stranger)]
        self._owners = {id(owner): owner for owner in owners}

    def probe_foreign(self, operation: Operation, identity: Identity) -> None:
        """Request a stranger's objects and absent ones: the responses must be equal."""
        foreign = self._send(operation, identity, Target.of(identity.stranger))
        absent = self._send(operation, identity, Target())
        self._check(operation, identity, foreign)
        if (foreign.status, foreign.body) != (absent.status, absent.body):
            self._note(
                operation, identity, f"{foreign.status} to foreign, {absent.status} to absent"
            )
        # Guests get their newest order for any pk.
        if foreign.status < 300 and not (identity.is_guest and not operation.is_unsafe):
            self._note(operation, identity, f"{foreign.status} to foreign")

    def probe_own(self, operation: Operation, identity: Identity) -> None:
        """Send a request for own objects: an admitted caller must not be refused."""
        response = self._send(operation, identity, Target.of(identity.owner))
        self._check(operation, identity, response)
        if not operation.admits(identity) or operation.needs_token(identity):
            return
        refused = _DENIED | (set() if _has_nothing(operation, identity) else {404})
        if response.status in refused:
            self._note(operation, identity, f"{response.status} to own objects")

    def _send(self, operation: Operation, identity: Identity, target: Target) -> RawResponse:
        self.sent_requests += 1
        sent = operation.request(identity, target, self._reason)
        response = exchange_sync(self._port, sent).response
        if response.status >= 400:
            self._environment.errors.add(_FORM_TOKEN.sub(b"", response.body))
        return response

    def _check(self, operation: Operation, identity: Identity, response: RawResponse) -> None:
        if response.status == 0 or response.status >= 500:
            self._note(operation, identity, f"{response.status}")
        is_denied = response.status in _DENIED
        if not operation.admits(identity) and not is_denied:
            self._note(operation, identity, f"{response.status}, not admitted")
        if operation.security and operation.needs_token(identity) and not is_denied:
            self._note(operation, identity, f"{response.status} without a token")
        self.seen[identity.name] += bool(_seen(identity.owner, response))
        for owner in self._owners.values():
            if owner is not identity.owner and (seen := _seen(owner, response)):
                self._note(operation, identity, f"sees {sorted(seen)} of another owner")

    def _note(self, operation: Operation, identity: Identity, what: str) -> None:
        self.failures.append(f"{operation.name} by {identity.name}: {what}")


def check(environment: Environment, _scale: Scale) -> Finding:
    """Send all requests for foreign objects, which must change nothing, then those for own ones."""
    operations = list(contract_operations())
    with environment.serve(workers=1, WAYBILL_LIMITS="false") as server:
        matrix = Matrix(environment, server, list(make_identities(environment, server)))
        first = matrix.identities[0]
        naming = [operation for operation in operations if operation.names_object(first)]
        before = _digest(environment)
        for operation, identity in product(naming, matrix.identities):
            matrix.probe_foreign(operation, identity)
        if _digest(environment) != before:
            matrix.failures.append("a foreign object has changed")
        for operation, identity in product(operations, matrix.identities):
            matrix.probe_own(operation, identity)
        if _digest(environment) == before:
            matrix.failures.append("no caller could change own objects")
        matrix.failures += [
            f"{identity.name} sees no own object"
            for identity in matrix.identities
            if (identity.key_of or identity.scheme) in {SHOPPER, *BEARERS.values()}
            and not matrix.seen[identity.name]
        ]
    return Finding(
        title="authorization matrix",
        database=environment.kind,
        count=matrix.sent_requests,
        required=(len(operations) + 2 * len(naming)) * len(matrix.identities),
        requirement=REQUIREMENT,
        figures={
            "operations": len(operations),
            "identities": len(matrix.identities),
            "own objects seen": matrix.seen.total(),
        },
        failures=tuple(matrix.failures),
    )


def _has_nothing(operation: Operation, identity: Identity) -> bool:
    """Whether 404 is right for own objects: no old orders for guests, no match for look-ups."""
    of_old = "OldOrder" in operation.name
    return (identity.is_guest and of_old) or operation.name in {
        "lookUpAnonymousOrder",
        "getDocumentationAsset",
        "createHandover",
    }


def _seen(owner: Owner, response: RawResponse) -> set[str]:
    content = response.body.decode("utf-8", "replace") + " ".join(response.headers.values())
    return {word for word in owner.identifying_words if word in content}


def _digest(environment: Environment) -> bytes:
    """A digest of all rows with an owner."""
    engine = connect(environment.url, Pool(1)).snapshot
    digest = sha256()
    with engine.connect() as connection:
        for table in (table for table in metadata.sorted_tables if table.name in _OWNED):
            digest.update(repr(sorted(map(repr, connection.execute(sa.select(table))))).encode())
    engine.dispose()
    return digest.digest()
