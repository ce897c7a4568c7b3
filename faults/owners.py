"""People and what is theirs: each has something that each of the others would like to see."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from domain.order_items import OrderItem
from domain.orders import Order
from domain.seller_callers import Scope
from domain.sellers import Seller
from domain.states import OrderState
from domain.trade_ins import OfferLink
from domain.users import User, UserType
from faults.ground import Ground
from handlers.trade_in_links import sign_link
from tests.builders import make_address, make_item, make_offer, make_seller
from tests.server import Server

_CANCELLING = (
    "createCancellationRequest",
    "createBulkCancellationRequests",
    "createAnonymousCancellationRequest",
    "createAnonymousBulkCancellationRequests",
)
_ANSWERING = ("approveTradeIn", "rejectTradeIn")
_REJECTING = "rejectSellerOrderItem"
_ABSENT = 10**15


@dataclass(frozen=True)
class Belongings:
    """What a request can name: an order, an old order, the line that is there for each operation
    that names one, and the one that its seller can reject.
    """

    order: int
    number: str
    old_order: int
    lines: Mapping[str, int]
    item: UUID


NOTHING = Belongings(
    order=_ABSENT,
    number="0" * 16,
    old_order=_ABSENT,
    lines=dict.fromkeys((*_CANCELLING, *_ANSWERING), _ABSENT),
    item=uuid4(),
)
"""What nobody has."""


@dataclass(frozen=True)
class Owner:
    """Somebody, their belongings, and the words that are told of nothing else."""

    name: str
    user: User
    order: Order
    belongings: Belongings
    words: frozenset[bytes]


@dataclass(frozen=True)
class Identity:
    """Who asks: by which security scheme of the contract, if any, and with what.

    ``owns`` names whose belongings are theirs, ``sees`` of whom something may be told to them.
    ``scopes`` are those of a token; ``tokens``, by operation, those of mailed links.
    """

    name: str
    scheme: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    scopes: frozenset[str] = frozenset()
    owns: str | None = None
    sees: frozenset[str] = frozenset()
    tokens: Mapping[str, str] = field(default_factory=dict)


class Town:
    """Two shoppers, two guests who looked an order up and one with a session, and two sellers.

    Either seller has sold to one of the shoppers, and nothing to the guests.
    """

    def __init__(self, ground: Ground, server: Server) -> None:
        self._ground = ground
        self._server = server
        self._sellers = {name: make_seller() for name in ("ayla", "bora")}
        self.reason = ground.shop.reason().pk
        shoppers = [self._owner(name, UserType.REGISTERED) for name in self._sellers]
        guests = [self._owner(name, UserType.GUEST) for name in ("gul", "han", "ipek")]
        # A shopper and a guest first, for who takes some of them only.
        self.owners = [shoppers[0], *guests[:-1], shoppers[1], guests[-1]]
        self.identities = [
            Identity("nobody"),
            *(self._with_session(owner) for owner in (*shoppers, guests[-1])),
            *(self._with_grant(owner) for owner in guests[:-1]),
            self._with_link(shoppers[0]),
            *self._selling(),
            *self._run_out(shoppers[0]),
        ]

    def _owner(self, name: str, user_type: UserType) -> Owner:
        email, street = f"{name}-{uuid4().hex}@example.com", f"{name} sokak {uuid4().hex}"
        shop = self._ground.shop
        user = shop.user(user_type=user_type, email=email)
        address = make_address(user_pk=user.pk, line=street)
        order = shop.order(
            user,
            user_email=email,
            items=list(_lines(self._sellers.get(name))),
            shipping_address=address,
            billing_address=address,
            created_date=datetime.now(UTC),
        )
        old_order = shop.old_order(user, number=f"OLD-{uuid4().hex}", user_email=email)
        named = zip((*_CANCELLING, *_ANSWERING, _REJECTING), order.items, strict=True)
        belongings = Belongings(
            order=order.pk,
            number=order.number,
            old_order=old_order.pk,
            lines={operation: item.pk for operation, item in named},
            item=order.items[-1].uuid,
        )
        words = {email, street, order.number, old_order.number, str(order.uuid)}
        words |= {str(item.uuid) for item in order.items}
        return Owner(name, user, order, belongings, frozenset(word.encode() for word in words))

    def _with_session(self, owner: Owner) -> Identity:
        headers = self._ground.customer(owner.user).headers
        return Identity(
            f"{owner.name}, logged in",
            "SessionCookie",
            headers,
            owns=owner.name,
            sees=frozenset({owner.name}),
        )

    def _with_grant(self, owner: Owner) -> Identity:
        with self._ground.client(self._server) as client:
            wanted = {"email": owner.user.email, "order": owner.order.number}
            client.post("/users/orders/anonymous/", json=wanted).raise_for_status()
            cookies = dict(client.cookies)
        self._ground.secrets |= set(cookies.values())
        sent = "; ".join(f"{name}={value}" for name, value in cookies.items())
        return Identity(
            f"{owner.name}, by a grant",
            "OrderGrant",
            {"Cookie": sent, "x-csrftoken": cookies["csrftoken"]},
            owns=owner.name,
            sees=frozenset({owner.name}),
        )

    def _with_link(self, owner: Owner) -> Identity:
        tokens = {}
        for operation, pk in owner.belongings.lines.items():
            item = next(each for each in owner.order.items if each.pk == pk)
            for offer in item.trade_in_offers:
                link = OfferLink(offer.uuid)
                tokens[operation] = sign_link(link, operation, self._ground.settings)
        self._ground.secrets |= set(tokens.values())
        return Identity(
            f"whoever has the links of {owner.name}",
            "TradeInToken",
            owns=owner.name,
            sees=frozenset({owner.name}),
            tokens=tokens,
        )

    def _selling(self) -> Iterator[Identity]:
        """Each seller; and the first one with a token for plans alone, and one that ran out."""
        ground = self._ground
        for name, seller in self._sellers.items():
            yield _seller(name, "seller of", ground.seller_headers(seller), tuple(Scope))
        name, seller = next(iter(self._sellers.items()))
        scopes = (Scope.PLANS_READ,)
        yield _seller(name, "plans of", ground.seller_headers(seller, scopes), scopes)
        yield Identity(f"seller of {name}, too late", None, ground.seller_headers(seller, days=-1))

    def _run_out(self, owner: Owner) -> Iterator[Identity]:
        headers = self._ground.customer(owner.user, days=-1).headers
        yield Identity(f"{owner.name}, whose session ran out", None, headers)


def _seller(name: str, role: str, headers: Mapping[str, str], scopes: Iterable[Scope]) -> Identity:
    sees, good_for = frozenset({name}), frozenset(map(str, scopes))
    return Identity(f"{role} {name}", "SellerToken", headers, good_for, name, sees)


def _lines(seller: Seller | None) -> Iterator[OrderItem]:
    """One for each operation that names one: waiting ones, but for those with an offer."""
    now = datetime.now(UTC)
    for number, operation in enumerate((*_CANCELLING, *_ANSWERING, _REJECTING), 1):
        if operation in _ANSWERING:
            offer = make_offer(expires_date=now + timedelta(days=7))
            delivered = {"state": OrderState.DELIVERED, "delivered_date": now - timedelta(days=1)}
            yield make_item(line=number, seller=seller, trade_in_offers=[offer], **delivered)
        else:
            yield make_item(line=number, seller=seller, quantity=2, price=10_000)
