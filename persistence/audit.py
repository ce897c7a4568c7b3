"""Table of the audit trail, and its queries."""

from uuid import UUID

import sqlalchemy as sa

from domain.audit import AuditEntry, Subject
from persistence.sql.aggregates import Aggregate
from persistence.sql.columns import UtcDateTime, enum_column, metadata, pk_column
from persistence.sql.partitions import PARTITIONED, partition_by_month, plain_key
from persistence.sql.work import Work

audit_entries = sa.Table(
    "audit_entries",
    metadata,
    pk_column(),
    sa.Column("created_date", UtcDateTime, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    enum_column("subject", Subject),
    # No foreign key: entries outlast their subjects.
    sa.Column("subject_uuid", sa.Uuid, nullable=False, index=True),
    sa.Column("from_state", sa.Text),
    sa.Column("to_state", sa.Text, nullable=False),
    sa.Column("note", sa.Text),
    plain_key(),
    # A fraction of the size of other indexes, since entries are stored in the order of their dates.
    sa.Index(None, "created_date", postgresql_using="brin").ddl_if(dialect="postgresql"),
    **PARTITIONED,
)
partition_by_month(audit_entries)


_ENTRY = Aggregate(entity=AuditEntry, table=audit_entries)


class SqlAuditTrail:
    """Implements ``domain.audit.AuditTrail``."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def add(self, entry: AuditEntry) -> None:
        self._work.add(_ENTRY, entry)

    def entries(self, subject_uuid: UUID) -> list[AuditEntry]:
        about = sa.select(audit_entries.c.pk).where(audit_entries.c.subject_uuid == subject_uuid)
        pks = self._work.scalars(about.order_by(audit_entries.c.pk)).all()
        return self._work.read(_ENTRY, pks)
