"""The unit of work with all repositories: the sum of what the services of all subjects use."""

from typing import Protocol

from domain.accounts.password_resets import PasswordResetWork
from domain.cancellations.requests import CancellationWork
from domain.cancellations.return_carriers import CarrierWork
from domain.idempotency import IdempotencyWork
from domain.maintenance import MaintenanceWork
from domain.orders.archiving import ArchiveWork
from domain.orders.old_orders import OldOrderWork
from domain.privacy.personal_data import PersonalDataWork
from domain.privacy.retention import RetentionWork
from domain.seller_center.cancellation_plans import SellerPlanWork
from domain.seller_center.customer_addresses import SellerAddressWork
from domain.seller_center.order_items import SellerOrderItemWork
from domain.seller_center.orders import SellerOrderWork
from domain.sellers.tokens import SellerTokenWork
from domain.trade_ins import TradeInWork


class UnitOfWork(
    CancellationWork,
    TradeInWork,
    CarrierWork,
    OldOrderWork,
    ArchiveWork,
    PasswordResetWork,
    SellerTokenWork,
    SellerOrderWork,
    SellerOrderItemWork,
    SellerPlanWork,
    SellerAddressWork,
    PersonalDataWork,
    RetentionWork,
    MaintenanceWork,
    IdempotencyWork,
    Protocol,
):
    """A unit of work with every repository, as persistence provides it."""
