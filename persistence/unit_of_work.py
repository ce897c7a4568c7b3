"""The unit of work on one database session."""

from datetime import datetime

from sqlalchemy.orm import Session

from domain.audit import AuditTrail
from domain.cancellation_plans import CancellationPlans
from domain.cancellation_reasons import CancellationReasons
from domain.cancellation_requests import CancellationRequests
from domain.idempotency import IdempotencyKeys
from domain.outbox import Outbox
from persistence.documents import Documents
from persistence.old_orders import SqlOldOrders
from persistence.orders import SqlOrders
from persistence.sessions import SqlSessions
from persistence.users import SqlUsers


class SqlUnitOfWork:
    """What ``domain.unit_of_work.UnitOfWork`` asks for."""

    cancellation_requests: CancellationRequests
    cancellation_reasons: CancellationReasons
    cancellation_plans: CancellationPlans
    idempotency_keys: IdempotencyKeys
    audit: AuditTrail
    outbox: Outbox

    def __init__(
        self,
        session: Session,
        now: datetime,
        *,
        order_documents: Documents,
        old_order_documents: Documents,
    ) -> None:
        self.now = now
        self.orders = SqlOrders(session, order_documents)
        self.old_orders = SqlOldOrders(session, old_order_documents)
        self.users = SqlUsers(session)
        self.sessions = SqlSessions(session)
        self._session = session

    def commit(self) -> None:
        self._session.commit()
