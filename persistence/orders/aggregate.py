"""The declaration of the order as an aggregate.

What is loaded and written, which changes raise the version, what sellers see, and what a personal
data export contains, are all derived from it.
"""

from domain.orders.addresses import Address, Location
from domain.orders.cancellation_plans import CancellationPlan, CancellationPlanItem
from domain.orders.cancellations import CancellationRequest, CancellationRequestImage, EasyReturn
from domain.orders.discounts import DiscountItem
from domain.orders.loyalty import LoyaltyTransaction
from domain.orders.order_items import OrderItem
from domain.orders.orders import Order
from domain.orders.payments import Bank, PaymentOption
from domain.orders.products import Product
from domain.orders.shipping import EasyReturnShippingCompany, ShippingCompany, ShippingOptionGroup
from domain.orders.trade_in_offers import TradeInOffer
from domain.sellers.sellers import Seller
from persistence.orders.addresses import addresses, locations
from persistence.orders.cancellation_plans import cancellation_plan_items, cancellation_plans
from persistence.orders.cancellations import (
    cancellation_request_images,
    cancellation_requests,
    easy_returns,
)
from persistence.orders.discounts import discount_items
from persistence.orders.loyalty import loyalty_transactions
from persistence.orders.numbers import number_row, order_numbers
from persistence.orders.order_items import order_item_easy_return_companies, order_items
from persistence.orders.orders import orders
from persistence.orders.payments import banks, payment_options
from persistence.orders.products import products
from persistence.orders.seller_orders import seller_orders
from persistence.orders.seller_projection import sync_seller_orders
from persistence.orders.sellers import sellers
from persistence.orders.shipping import (
    easy_return_shipping_companies,
    shipping_companies,
    shipping_option_groups,
)
from persistence.orders.trade_in_offers import trade_in_offers
from persistence.sql.aggregates import (
    ONLY_SHOWN,
    ONLY_STATE,
    Aggregate,
    Claim,
    Links,
    Parts,
    Projection,
    Reference,
)

# An address has some forty columns with its places, and no rule uses it.
ADDRESS = Reference(
    entity=Address,
    table=addresses,
    references=dict.fromkeys(
        ("country", "city", "township", "district"), Reference(entity=Location, table=locations)
    ),
    views=ONLY_SHOWN,
)
SHIPPING_COMPANY = Reference(entity=ShippingCompany, table=shipping_companies)
SELLER = Reference(entity=Seller, table=sellers)
RETURN_COMPANY = Reference(
    entity=EasyReturnShippingCompany,
    table=easy_return_shipping_companies,
    references={"shipping_company": SHIPPING_COMPANY},
)
EASY_RETURN = Parts(
    entity=EasyReturn,
    table=easy_returns,
    owner="cancellation_request_pk",
    is_single=True,
    references={"shipping_company": SHIPPING_COMPANY},
)
ORDER = Aggregate(
    entity=Order,
    table=orders,
    references={
        "shipping_address": ADDRESS,
        "billing_address": ADDRESS,
        "payment_option": Reference(entity=PaymentOption, table=payment_options),
        "bank": Reference(entity=Bank, table=banks),
        "shipping_company": SHIPPING_COMPANY,
    },
    parts={
        "items": Parts(
            entity=OrderItem,
            table=order_items,
            owner="order_pk",
            order_by="line",
            references={
                "product": Reference(entity=Product, table=products),
                "seller": SELLER,
                "shipping_company": SHIPPING_COMPANY,
                "shipping_option_group": Reference(
                    entity=ShippingOptionGroup, table=shipping_option_groups
                ),
            },
            links={
                "easy_return_companies": Links(
                    table=order_item_easy_return_companies,
                    owner="order_item_pk",
                    target="company_pk",
                    reference=RETURN_COMPANY,
                )
            },
            parts={
                "cancellation_requests": Parts(
                    entity=CancellationRequest,
                    table=cancellation_requests,
                    owner="order_item_pk",
                    parts={
                        "easy_return": EASY_RETURN,
                        "images": Parts(
                            entity=CancellationRequestImage,
                            table=cancellation_request_images,
                            owner="cancellation_request_pk",
                            views=ONLY_SHOWN,
                        ),
                    },
                ),
                "trade_in_offers": Parts(
                    entity=TradeInOffer, table=trade_in_offers, owner="order_item_pk"
                ),
            },
        ),
        "discounts": Parts(entity=DiscountItem, table=discount_items, owner="order_pk"),
        "loyalty_transactions": Parts(
            entity=LoyaltyTransaction, table=loyalty_transactions, owner="order_pk"
        ),
        "cancellation_plans": Parts(
            entity=CancellationPlan,
            table=cancellation_plans,
            owner="order_pk",
            references={"seller": SELLER},
            parts={
                "items": Parts(
                    entity=CancellationPlanItem,
                    table=cancellation_plan_items,
                    owner="plan_pk",
                    references={
                        "request": Reference(
                            entity=CancellationRequest, table=cancellation_requests, is_part=True
                        )
                    },
                )
            },
            views=ONLY_STATE,
        ),
    },
    claim=Claim(table=order_numbers, row=number_row),
    projection=Projection(table=seller_orders, owner="order_pk", sync=sync_seller_orders),
)
