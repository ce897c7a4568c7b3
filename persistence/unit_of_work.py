"""The unit of work on one database session."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from persistence.audit import SqlAuditTrail
from persistence.cancellation_plans import SqlCancellationPlans
from persistence.cancellation_reasons import SqlCancellationReasons
from persistence.cancellation_requests import SqlCancellationRequests
from persistence.documents import Documents
from persistence.idempotency import SqlIdempotencyKeys
from persistence.old_orders import SqlOldOrders
from persistence.orders import SqlOrders
from persistence.outbox import SqlOutbox
from persistence.seller_listings import LISTINGS
from persistence.seller_rows import SqlSellerRows
from persistence.seller_tokens import SqlSellerTokens
from persistence.sellers import SqlSellers
from persistence.sessions import SqlSessions
from persistence.users import SqlUsers


class SqlUnitOfWork:
    """What ``domain.unit_of_work.UnitOfWork`` asks for."""

    def __init__(
        self,
        session: Session,
        now: datetime,
        documents: Callable[[str], Documents],
    ) -> None:
        """``documents`` by the name of what they show, as below."""

        def listed(name: str) -> SqlSellerRows[Any]:
            return SqlSellerRows(session, LISTINGS[name], documents(name))

        self.now = now
        self.orders = SqlOrders(session, documents("orders"))
        self.old_orders = SqlOldOrders(session, documents("old_orders"))
        self.cancellation_requests = SqlCancellationRequests(session)
        self.cancellation_reasons = SqlCancellationReasons(session)
        self.cancellation_plans = SqlCancellationPlans(self.orders.lock_by_plan)
        self.sellers = SqlSellers(session)
        self.seller_tokens = SqlSellerTokens(session)
        self.seller_orders = listed("seller_orders")
        self.seller_order_items = listed("seller_order_items")
        self.seller_cancellation_plans = listed("seller_cancellation_plans")
        self.seller_customer_addresses = listed("seller_customer_addresses")
        self.users = SqlUsers(session)
        self.sessions = SqlSessions(session)
        self.idempotency_keys = SqlIdempotencyKeys(session)
        self.audit = SqlAuditTrail(session)
        self.outbox = SqlOutbox(session)
        self._session = session

    def commit(self) -> None:
        self._session.commit()
