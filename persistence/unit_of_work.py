"""The unit of work on one database session."""

from datetime import datetime

from sqlalchemy.orm import Session

from domain.seller_cancellation_plans import SellerCancellationPlans
from domain.seller_customer_addresses import SellerCustomerAddresses
from domain.seller_order_items import SellerOrderItems
from domain.seller_orders import SellerOrders
from domain.seller_tokens import SellerTokens
from domain.sellers import Sellers
from persistence.audit import SqlAuditTrail
from persistence.cancellation_plans import SqlCancellationPlans
from persistence.cancellation_reasons import SqlCancellationReasons
from persistence.cancellation_requests import SqlCancellationRequests
from persistence.documents import Documents
from persistence.idempotency import SqlIdempotencyKeys
from persistence.old_orders import SqlOldOrders
from persistence.orders import SqlOrders
from persistence.outbox import SqlOutbox
from persistence.sessions import SqlSessions
from persistence.users import SqlUsers


class SqlUnitOfWork:
    """What ``domain.unit_of_work.UnitOfWork`` asks for."""

    sellers: Sellers
    seller_tokens: SellerTokens
    seller_orders: SellerOrders
    seller_order_items: SellerOrderItems
    seller_cancellation_plans: SellerCancellationPlans
    seller_customer_addresses: SellerCustomerAddresses

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
        self.cancellation_plans = SqlCancellationPlans(self.orders.lock)
        self.users = SqlUsers(session)
        self.sessions = SqlSessions(session)
        self.idempotency_keys = SqlIdempotencyKeys(session)
        self.audit = SqlAuditTrail(session)
        self.outbox = SqlOutbox(session)
        self._session = session

    def commit(self) -> None:
        self._session.commit()
