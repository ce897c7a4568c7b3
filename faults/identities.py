"""Who may come to the server, and what belongs to whom."""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import timedelta

from domain.accounts.users import User, UserType
from domain.orders.states import OrderState
from domain.sellers.callers import Scope, ShopScope
from domain.sellers.sellers import Seller
from domain.trade_ins import OfferLink, offer_trade_in
from faults.environment import Environment
from handlers.auth.trade_in_links import sign_link
from persistence.database import utc_now
from tests.support.builders import make_address, make_lines, make_seller
from tests.support.server import Server

SHOPPER, GRANT, LINK, NOBODY = "SessionCookie", "OrderGrant", "TradeInToken", ""
KEY = "SessionKey"
SHOP = "ShopToken"
BEARERS = {"Authorization": "SellerToken", "Authentication": "SellerAuthentication"}


@dataclass(frozen=True)
class Owner:
    """A shopper with an order, the seller of its lines, and the words that only theirs hold."""

    user: User
    seller: Seller
    order: int
    old_order: int
    item: int
    delivered: int
    uuid: str
    number: str
    offer: OfferLink
    is_older: bool = False

    @property
    def words(self) -> set[str]:
        """What must not be seen by anybody else; a user's older order has their name, too."""
        own = {self.number, self.uuid}
        return own if self.is_older else own | {self.user.email, _name(self.user)}


@dataclass(frozen=True)
class Identity:
    """Who asks: what their requests carry, and by which scheme of the contract it lets them in.

    ``owner`` is whose things are theirs, ``stranger`` somebody whose are not. A key opens what the
    cookie of the scheme ``key_of`` does.
    """

    name: str
    owner: Owner
    stranger: Owner
    scheme: str = NOBODY
    key_of: str = NOBODY
    headers: Mapping[str, str] = field(default_factory=dict)
    scopes: Set[str] = frozenset()
    links: Mapping[str, str] = field(default_factory=dict)
    is_guest: bool = False


def make_owner(
    environment: Environment, name: str, user_type: UserType = UserType.REGISTERED
) -> Owner:
    """Somebody with one of everything; their lines are of a seller of their own."""
    user = environment.shop.user(first_name=name, last_name=f"{name}-alone", user_type=user_type)
    return make_order_of(environment, user)


def make_order_of(environment: Environment, user: User, age: timedelta = timedelta(0)) -> Owner:
    """One of everything that is the user's, ``age`` ago; some age is that of an older order."""
    shop, now, seller = environment.shop, utc_now() - age, make_seller()
    name = f"{user.first_name}-{age.days}"
    waiting, delivered = make_lines(2, 3, sku=name)
    waiting.seller = delivered.seller = seller
    delivered.state = OrderState.DELIVERED
    delivered.shipped_date = delivered.delivered_date = now
    address = make_address(user_pk=user.pk, last_name=_name(user))
    order = shop.order(
        user,
        items=[waiting, delivered],
        shipping_address=address,
        billing_address=address,
        user_email=user.email,
        created_date=now,
    )
    first, second = order.items
    with environment.database.writing() as uow:
        offer = offer_trade_in(second.pk, timedelta(days=1), "operator:faults", uow)
    return Owner(
        user=user,
        seller=seller,
        order=order.pk,
        old_order=shop.old_order(user, user_email=user.email).pk,
        item=first.pk,
        delivered=second.pk,
        uuid=str(first.uuid),
        number=order.number,
        offer=OfferLink(offer.uuid),
        is_older=bool(age),
    )


def identities(environment: Environment, server: Server) -> Iterator[Identity]:
    """Everybody who may come: with what is theirs, with what has run out, with what is made up."""
    mine, other = make_owner(environment, "ada"), make_owner(environment, "bora")
    far = make_owner(environment, "cem", UserType.GUEST)
    twice = environment.shop.user(first_name="ece", last_name="ece-alone", user_type=UserType.GUEST)
    older = make_order_of(environment, twice, timedelta(days=1))
    guest = make_order_of(environment, twice)
    yield Identity("nobody", mine, other)
    yield from _shoppers(environment, mine, other)
    session = environment.customer(guest.user).headers
    yield Identity("guest with a session", guest, far, SHOPPER, headers=session, is_guest=True)
    another = environment.customer(guest.user).headers
    yield Identity(
        "guest with an older order", guest, older, SHOPPER, headers=another, is_guest=True
    )
    granted, key = _granted(environment, server, guest)
    yield Identity("guest with a grant", guest, far, GRANT, headers=granted, is_guest=True)
    by_key = {"Authorization": f"Session {key}"}
    yield Identity("guest with a grant's key", guest, far, KEY, GRANT, by_key, is_guest=True)
    by_both = {"Cookie": environment.customer(far.user).headers["Cookie"]} | by_key
    name = "guest with a grant's key beside a session"
    yield Identity(name, guest, far, KEY, GRANT, by_both, is_guest=True)
    planted = {"Cookie": f"ordergrant=planted; {granted['Cookie']}"}
    yield Identity("guest with two grants", guest, far, headers=planted, is_guest=True)
    links = {
        each: sign_link(mine.offer, each, environment.settings)
        for each in ("showTradeInOffer", "answerTradeInOffer", "approveTradeIn", "rejectTradeIn")
    }
    environment.secrets |= set(links.values())
    yield Identity("holder of a link", mine, other, LINK, links=links)
    yield from _keys(environment, mine, other)
    yield from _sellers(environment, mine, other)
    token = shop_token(environment)
    headers = {"Authorization": f"Bearer {token}"}
    yield Identity("shop", mine, other, SHOP, headers=headers, scopes=frozenset(ShopScope))


def shop_token(environment: Environment) -> str:
    """A token of the shop's own systems."""
    token = environment.shop.shop_token()
    environment.secrets.add(token)
    return token


def _shoppers(environment: Environment, mine: Owner, other: Owner) -> Iterator[Identity]:
    headers = environment.customer(mine.user).headers
    yield Identity("shopper", mine, other, SHOPPER, headers=headers)
    forged = {"Cookie": headers["Cookie"]}
    yield Identity("shopper without token", mine, other, SHOPPER, headers=forged)
    # A page of a sibling domain can plant a cookie, before ours or after it: nobody is let in.
    stranger = environment.customer(other.user).headers["Cookie"]
    for name, cookies in {
        "shopper after a planted session": [stranger, headers["Cookie"]],
        "shopper before a planted session": [headers["Cookie"], stranger],
    }.items():
        yield Identity(name, mine, other, headers={"Cookie": "; ".join(cookies)})
    old = environment.shop.session(mine.user, days=-1)
    yield Identity("shopper of yesterday", mine, other, headers=_cookie(old))
    yield Identity("shopper made up", mine, other, headers=_cookie("x" * 43))


def _keys(environment: Environment, mine: Owner, other: Owner) -> Iterator[Identity]:
    """Programs: the key decides, whatever cookies come along."""
    customer, stranger = environment.customer(mine.user), environment.customer(other.user)
    beside = {"Cookie": stranger.headers["Cookie"]}
    for name, cookies in {"program": {}, "program beside a stranger's cookie": beside}.items():
        headers = {"Authorization": f"Session {environment.customer(mine.user).session}", **cookies}
        yield Identity(name, mine, other, KEY, SHOPPER, headers)
    old = environment.shop.session(mine.user, days=-1)
    for name, value in {
        "of yesterday": f"Session {old}",
        "made up": f"Session {'x' * 43}",
        "without a key": "Session",
        "with two keys": f"Session {customer.session}, Session {customer.session}",
        "with a key as a token": f"Bearer {customer.session}",
    }.items():
        yield Identity(f"program {name}", mine, other, headers={"Authorization": value})
    own = {"Cookie": customer.headers["Cookie"]}
    bad = {"Authorization": f"Session {'y' * 43}"}
    yield Identity("shopper beside a bad key", mine, other, headers=own | bad)


def _sellers(environment: Environment, mine: Owner, other: Owner) -> Iterator[Identity]:
    shop, everything = environment.shop, frozenset(Scope)
    tokens = {f"seller without {each}": everything - {each} for each in sorted(everything)}
    for name, scopes in {"seller": everything, **tokens}.items():
        token = shop.token(mine.seller, sorted(scopes))
        environment.secrets.add(token)
        for header, scheme in BEARERS.items():
            headers = {header: f"Bearer {token}"}
            who = f"{name} by {header}"
            yield Identity(who, mine, other, scheme, headers=headers, scopes=scopes)
    old = shop.token(mine.seller, days=-1)
    for name, token in {"of yesterday": old, "made up": "x" * 43}.items():
        headers = {"Authorization": f"Bearer {token}"}
        yield Identity(f"seller {name}", mine, other, headers=headers)


def _granted(environment: Environment, server: Server, guest: Owner) -> tuple[dict[str, str], str]:
    """The headers of somebody who has looked the guest's order up, and the key of the grant."""
    with environment.client(server) as client:
        body = {"email": guest.user.email, "number": guest.number}
        found = client.post("/users/orders/anonymous/", json=body).raise_for_status()
        environment.secrets |= set(client.cookies.values())
        cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        headers = {"Cookie": cookies, "x-csrftoken": client.cookies["csrftoken"]}
        return headers, found.json()["key"]


def _cookie(session: str) -> dict[str, str]:
    return {"Cookie": f"sessionid={session}"}


def _name(user: User) -> str:
    return user.last_name
