"""A shop in which requests can succeed: callers with lines to cancel, return and trade in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.testclient import TestClient

from domain.accounts.one_time_tokens import Purpose
from domain.accounts.users import User, UserType
from domain.orders.cancellations import CancellationType
from domain.orders.orders import Order
from domain.orders.states import OrderState
from domain.orders.trade_in_offers import TradeInOffer
from handlers.auth.session_cookies import new_csrf_token
from handlers.contract.asgi.routing import ContractApp
from handlers.web.request_context import PARTS
from tests.contract.conftest import Person
from tests.contract.drafts import Choice, Stock
from tests.support.application import Shop
from tests.support.builders import (
    make_address,
    make_easy_return_company,
    make_item,
    make_offer,
    make_payment_option,
)

# Lines of one order; a line with an open request accepts no other.
CANCELLABLE, RETURNABLE = 27, 15
# The days until the offers for further lines expire.
OFFERS = (7, 7, 7, 7, -1)
# The number of one-time links of each kind.
LINKS = 20


@dataclass
class Identity:
    """A caller with the cookies of a session or a grant, and an order of theirs.

    ``credential`` is the value of the cookie that identifies them; ``older_lines`` belong to their
    older orders.
    """

    credential: str
    cookies: dict[str, str]
    order: Order
    older_lines: list[int] = field(default_factory=list)

    @property
    def headers(self) -> dict[str, str]:
        """The headers of a browser whose script sends the CSRF token."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {"Cookie": cookies, "x-csrftoken": self.cookies["csrftoken"]}

    @property
    def lines(self) -> list[int]:
        """The pks of all their lines."""
        return [*self.older_lines, *(item.pk for item in self.order.items)]

    @property
    def offers(self) -> list[TradeInOffer]:
        """Their trade-in offers, in the order of OFFERS."""
        return [offer for item in self.order.items for offer in item.trade_in_offers]

    @property
    def stock(self) -> Stock:
        """The pks for their requests; the first line is reserved for links."""
        items = self.order.items[1:]
        return Stock(
            cancellable=[item.pk for item in items if item.state is OrderState.WAITING],
            returnable={
                item.pk: item.easy_return_companies[0].pk
                for item in items
                if item.easy_return_companies
            },
            address=self.order.shipping_address.pk,
        )


@dataclass
class World:
    """The people with sessions, the guests with grants, and reasons to cancel.

    ``handovers`` and ``resets`` are the tokens of one-time links of different users.
    """

    people: Mapping[str, Person]
    shoppers: Mapping[str, Identity]
    guests: Mapping[str, Identity]
    reasons: Mapping[CancellationType, int]
    unsuitable: list[int]
    handovers: list[str]
    resets: list[str]

    @property
    def lines(self) -> list[int]:
        """The pks of all lines."""
        identities = (*self.shoppers.values(), *self.guests.values())
        return [pk for identity in identities for pk in identity.lines]

    def choice(self, caller: Identity, stranger: Identity) -> Choice:
        """The values for the caller's requests."""
        today = datetime.now(UTC).date()
        return Choice(
            own=caller.stock,
            foreign=stranger.stock,
            reasons=self.reasons,
            unsuitable=self.unsuitable,
            day_to_come=(today + timedelta(days=3)).isoformat(),
            day_gone=today.isoformat(),
        )


def make_world(app: ContractApp, shop: Shop, people: dict[str, Person]) -> World:
    """Give each of the people one more order, their newest, and add guests, reasons and links."""
    cancel, refund = CancellationType.CANCEL, CancellationType.REFUND
    return World(
        people=people,
        shoppers={name: _shopper(app, shop, person) for name, person in people.items()},
        guests={name: _guest(app, shop, name) for name in ("deniz", "ece")},
        reasons={kind: shop.reason(kind).pk for kind in (cancel, refund)},
        unsuitable=[
            shop.reason(kind, **without).pk
            for kind in (cancel, refund)
            for without in ({"is_active": False}, {"extra_information_needed": True})
        ],
        handovers=[shop.link(shop.user(), Purpose.HANDOVER) for _ in range(LINKS)],
        resets=[shop.link(shop.user(), Purpose.PASSWORD_RESET) for _ in range(LINKS)],
    )


def _shopper(app: ContractApp, shop: Shop, person: Person) -> Identity:
    order = _stocked_order(shop, person.user)
    person.orders.append(order.pk)
    token = new_csrf_token(person.session, app.app.extensions[PARTS].settings)
    cookies = {"sessionid": person.session, "csrftoken": token}
    return Identity(person.session, cookies, order, person.lines)


def _guest(app: ContractApp, shop: Shop, name: str) -> Identity:
    """A guest with the cookies of a look-up."""
    email = f"{name}@example.com"
    guest = shop.user(user_type=UserType.GUEST, email=email)
    order = _stocked_order(shop, guest, user_email=email)
    client = TestClient(app)
    client.post("/users/orders/anonymous/", json={"email": email, "order": order.number})
    cookies = dict(client.cookies)
    return Identity(cookies["ordergrant"], cookies, order)


def _stocked_order(shop: Shop, user: User, **overrides: Any) -> Order:
    """An order of many lines, not paid by card."""
    option = make_payment_option(payment_type="funds_transfer", slug="funds-transfer")
    address = make_address(user_pk=user.pk)
    return shop.order(
        user,
        items=[make_item(line=number, **line) for number, line in enumerate(_lines(), 1)],
        created_date=datetime.now(UTC),
        payment_option=option,
        shipping_address=address,
        billing_address=address,
        **overrides,
    )


def _lines() -> Iterator[dict[str, Any]]:
    now = datetime.now(UTC)
    several = {"quantity": 3, "price": 9999}
    delivered = {"state": OrderState.DELIVERED, "delivered_date": now - timedelta(days=1)}
    for _ in range(CANCELLABLE):
        yield several
    for _ in range(RETURNABLE):
        carrier = make_easy_return_company(requires_pickup_address=True)
        yield several | delivered | {"easy_return_companies": [carrier]}
    for days in OFFERS:
        offer = make_offer(expires_date=now + timedelta(days=days))
        yield delivered | {"trade_in_offers": [offer]}
