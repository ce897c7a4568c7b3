"""One piece of work on stored things, done wholly or not at all."""

from datetime import datetime
from typing import Protocol

from domain.audit import AuditTrail
from domain.cancellation_plans import CancellationPlans
from domain.cancellation_reasons import CancellationReasons
from domain.cancellation_requests import CancellationRequests
from domain.idempotency import IdempotencyKeys
from domain.leftovers import Leftovers
from domain.old_orders import OldOrders
from domain.one_time_tokens import OneTimeTokens
from domain.orders import Orders
from domain.outbox import Outbox
from domain.personal_data import PersonalData
from domain.return_carriers import ReturnCarriers
from domain.seller_lists import SellerRows
from domain.seller_tokens import SellerTokens
from domain.sellers import Sellers
from domain.sessions import Sessions
from domain.users import Users


class UnitOfWork(Protocol):
    """What a service reads and changes; without ``commit`` nothing was changed."""

    @property
    def now(self) -> datetime:
        """The moment (UTC) at which all of this work happens."""

    @property
    def orders(self) -> Orders: ...

    @property
    def old_orders(self) -> OldOrders: ...

    @property
    def cancellation_requests(self) -> CancellationRequests: ...

    @property
    def cancellation_reasons(self) -> CancellationReasons: ...

    @property
    def cancellation_plans(self) -> CancellationPlans: ...

    @property
    def return_carriers(self) -> ReturnCarriers: ...

    @property
    def personal_data(self) -> PersonalData: ...

    @property
    def leftovers(self) -> Leftovers: ...

    @property
    def sellers(self) -> Sellers: ...

    @property
    def seller_tokens(self) -> SellerTokens: ...

    @property
    def seller_orders(self) -> SellerRows: ...

    @property
    def seller_order_items(self) -> SellerRows: ...

    @property
    def seller_cancellation_plans(self) -> SellerRows: ...

    @property
    def seller_customer_addresses(self) -> SellerRows: ...

    @property
    def users(self) -> Users: ...

    @property
    def sessions(self) -> Sessions: ...

    @property
    def one_time_tokens(self) -> OneTimeTokens: ...

    @property
    def idempotency_keys(self) -> IdempotencyKeys: ...

    @property
    def audit(self) -> AuditTrail: ...

    @property
    def outbox(self) -> Outbox: ...

    def commit(self) -> None:
        """Make the changes stay."""
