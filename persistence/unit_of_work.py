"""The unit of work on one database session."""

from datetime import datetime

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
from persistence.seller_listings import (
    SELLER_CANCELLATION_PLANS,
    SELLER_CUSTOMER_ADDRESSES,
    SELLER_ORDER_ITEMS,
    SELLER_ORDERS,
)
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
        *,
        order_documents: Documents,
        old_order_documents: Documents,
    ) -> None:
        self.now = now
        self.orders = SqlOrders(session, order_documents)
        self.old_orders = SqlOldOrders(session, old_order_documents)
        self.cancellation_requests = SqlCancellationRequests(session)
        self.cancellation_reasons = SqlCancellationReasons(session)
        self.cancellation_plans = SqlCancellationPlans(self.orders.lock_by_plan)
        self.sellers = SqlSellers(session)
        self.seller_tokens = SqlSellerTokens(session)
        self.seller_orders = SqlSellerRows(session, SELLER_ORDERS)
        self.seller_order_items = SqlSellerRows(session, SELLER_ORDER_ITEMS)
        self.seller_cancellation_plans = SqlSellerRows(session, SELLER_CANCELLATION_PLANS)
        self.seller_customer_addresses = SqlSellerRows(session, SELLER_CUSTOMER_ADDRESSES)
        self.users = SqlUsers(session)
        self.sessions = SqlSessions(session)
        self.idempotency_keys = SqlIdempotencyKeys(session)
        self.audit = SqlAuditTrail(session)
        self.outbox = SqlOutbox(session)
        self._session = session

    def commit(self) -> None:
        self._session.commit()
