"""Plans and audit entries that follow from stored imported orders."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.audit import AuditEntry, Subject, new_entry
from domain.cancellations.imported_plans import refresh_plans
from domain.imports.orders import ImportedOrder
from domain.orders.orders import Order
from domain.orders.state_changes import States, changes_of_state, states_of
from persistence.audit import SqlAuditTrail
from persistence.imports.references import ImportedReferences
from persistence.orders.aggregate import ORDER
from persistence.sql.columns import OWNER
from persistence.sql.work import Work

# Columns that the notes of audit entries leave out.
_IGNORED = frozenset({"uuid", "number", "order_pk", OWNER, "line", "modified_date", "state"})


class ImportedChanges:
    """The changes of one batch; ``stored`` has the earlier orders, by number."""

    def __init__(
        self,
        work: Work,
        stored: Mapping[str, Order],
        references: ImportedReferences,
        now: datetime,
        actor: str,
    ) -> None:
        self._work = work
        self._trail = SqlAuditTrail(work)
        self._stored = stored
        self._references = references
        self._now = now
        self._actor = actor

    def apply(self, documents: Sequence[ImportedOrder], pks: Mapping[str, int]) -> None:
        """Update plans and audit trail after the rows of the documents were stored."""
        affected = {
            document.number: document
            for document in documents
            if document.number in self._stored or any(item.requests for item in document.items)
        }
        # Storing the rows of the documents has raised the versions.
        pks_of_affected = [pks[number] for number in affected]
        orders = self._work.load(ORDER, pks_of_affected, raises_version=False)
        for order in orders:
            document, before = affected[order.number], self._stored.get(order.number)
            states_before = states_of([before] if before else [])
            refresh_plans(order, _moved(states_before, order), _plans(document), self._now)
            if before:
                for entry in self._entries(before, states_before, order, document):
                    self._trail.add(entry)
        self._work.release()

    def _entries(
        self, before: Order, states_before: States, order: Order, document: ImportedOrder
    ) -> list[AuditEntry]:
        """Return an entry for each change of state, and one for each row with other changes."""
        entries = changes_of_state(states_before, states_of([order]), self._actor, self._now)
        changed = {entry.subject_uuid: entry for entry in entries}
        for subject, uuid, state, names in self._changed(before, document):
            note = ", ".join(names)
            if uuid in changed:
                changed[uuid].note = note or None
            elif names:
                entries.append(self._entry(subject, uuid, state, note))
        if not entries:
            entries.append(self._entry(Subject.ORDER, order.uuid, order.state, None))
        return entries

    def _entry(self, subject: Subject, uuid: UUID, state: str, note: str | None) -> AuditEntry:
        return new_entry((subject, uuid), (state, state), self._actor, self._now, note)

    def _changed(
        self, before: Order, document: ImportedOrder
    ) -> Iterable[tuple[Subject, UUID, str, list[str]]]:
        """Yield the rows that existed before, their states, and the columns that differ."""
        row = self._references.order_row(document)
        yield Subject.ORDER, before.uuid, row["state"], _differing(before, row)
        lines = {item.line: item for item in before.items}
        for item in document.items:
            line = lines.get(item.values["line"])
            if line is not None:
                row = self._references.line_row(item, before.pk, before.user_pk)
                yield Subject.ORDER_ITEM, line.uuid, row["state"], _differing(line, row)


def _differing(before: object, row: Mapping[str, Any]) -> list[str]:
    return sorted(name for name in row.keys() - _IGNORED if getattr(before, name) != row[name])


def _moved(states_before: States, order: Order) -> set[UUID]:
    """Return the UUIDs of the requests whose status has changed."""
    return {
        request.uuid
        for item in order.items
        for request in item.cancellation_requests
        if states_before.get((Subject.CANCELLATION_REQUEST, request.uuid))
        not in (None, request.status)
    }


def _plans(document: ImportedOrder) -> dict[UUID, Any]:
    return {
        request.values["uuid"]: request.plan
        for item in document.items
        for request in item.requests
        if request.plan
    }
