"""All that one piece of work can read and change: the sum of what the services of a subject use."""

from typing import Protocol

from domain.cancellation_requests import CancellationWork
from domain.idempotency import IdempotencyWork
from domain.leftovers import LeftoverWork
from domain.old_orders import OldOrderWork
from domain.password_resets import PasswordResetWork
from domain.personal_data import PersonalDataWork
from domain.return_carriers import CarrierWork
from domain.seller_cancellation_plans import SellerPlanWork
from domain.seller_customer_addresses import SellerAddressWork
from domain.seller_order_items import SellerOrderItemWork
from domain.seller_orders import SellerOrderWork
from domain.seller_tokens import SellerTokenWork
from domain.trade_ins import TradeInWork


class UnitOfWork(
    CancellationWork,
    TradeInWork,
    CarrierWork,
    OldOrderWork,
    PasswordResetWork,
    SellerTokenWork,
    SellerOrderWork,
    SellerOrderItemWork,
    SellerPlanWork,
    SellerAddressWork,
    PersonalDataWork,
    LeftoverWork,
    IdempotencyWork,
    Protocol,
):
    """A unit of work with every repository, as persistence provides it."""
