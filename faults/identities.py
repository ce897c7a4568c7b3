"""The callers of the authorization check, and the objects that they own."""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

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

SHOPPER, GRANT, LINK, ANONYMOUS = "SessionCookie", "OrderGrant", "TradeInToken", ""
KEY = "SessionKey"
SHOP = "ShopToken"
BEARERS = {"Authorization": "SellerToken", "Authentication": "SellerAuthentication"}


@dataclass(frozen=True)
class Owner:
    """A shopper with an order and a trade-in offer, and the seller of its lines; ids are pks."""

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
    def identifying_words(self) -> set[str]:
        """Texts that only the owner may see; an older order has the same name and e-mail."""
        own = {self.number, self.uuid}
        return own if self.is_older else own | {self.user.email, _name(self.user)}


@dataclass(frozen=True)
class Identity:
    """A caller: their credentials, and the security scheme of the contract that admits them.

    ``owner`` has the caller's own objects, ``stranger`` foreign ones. A key admits to what the
    cookie of the scheme ``key_of`` does.
    """

    name: str
    owner: Owner
    stranger: Owner
    scheme: str = ANONYMOUS
    key_of: str = ANONYMOUS
    headers: Mapping[str, str] = field(default_factory=dict)
    scopes: Set[str] = frozenset()
    links: Mapping[str, str] = field(default_factory=dict)
    is_guest: bool = False


def make_owner(
    environment: Environment, name: str, user_type: UserType = UserType.REGISTERED
) -> Owner:
    """A new user with one object of each kind; a new seller has their lines."""
    user = environment.shop.user(first_name=name, last_name=f"{name}-alone", user_type=user_type)
    return make_order_of(environment, user)


def make_order_of(environment: Environment, user: User, age: timedelta = timedelta(0)) -> Owner:
    """One object of each kind for the user, ``age`` ago; an older order where it is not zero."""
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


def make_identities(environment: Environment, server: Server) -> Iterator[Identity]:
    """Every kind of caller: with valid, expired and made-up credentials."""
    own, foreign = make_owner(environment, "ada"), make_owner(environment, "bora")
    yield Identity("anonymous", own, foreign)
    yield from _shoppers(environment, own, foreign)
    yield from _guests(environment, server)
    links = {
        operation: sign_link(own.offer, operation, environment.settings)
        for operation in (
            "showTradeInOffer",
            "answerTradeInOffer",
            "approveTradeIn",
            "rejectTradeIn",
        )
    }
    environment.secrets |= set(links.values())
    yield Identity("holder of a link", own, foreign, LINK, links=links)
    yield from _keys(environment, own, foreign)
    yield from _sellers(environment, own, foreign)
    token = shop_token(environment)
    headers = {"Authorization": f"Bearer {token}"}
    yield Identity("shop", own, foreign, SHOP, headers=headers, scopes=frozenset(ShopScope))


def _guests(environment: Environment, server: Server) -> Iterator[Identity]:
    """Guests with sessions and grants; the guest ``own`` also has an older order."""
    foreign = make_owner(environment, "cem", UserType.GUEST)
    user = environment.shop.user(first_name="ece", last_name="ece-alone", user_type=UserType.GUEST)
    older = make_order_of(environment, user, timedelta(days=1))
    own = make_order_of(environment, user)
    guest = partial(Identity, owner=own, is_guest=True)
    for name, stranger in {"with a session": foreign, "with an older order": older}.items():
        session = environment.customer(user).headers
        yield guest(f"guest {name}", stranger=stranger, scheme=SHOPPER, headers=session)
    headers, key = _look_up(environment, server, own)
    yield guest("guest with a grant", stranger=foreign, scheme=GRANT, headers=headers)
    by_key = {"Authorization": f"Session {key}"}
    with_session = by_key | {"Cookie": environment.customer(foreign.user).headers["Cookie"]}
    for name, carried in {"": by_key, " beside a session": with_session}.items():
        yield guest(
            f"guest with a grant's key{name}",
            stranger=foreign,
            scheme=KEY,
            key_of=GRANT,
            headers=carried,
        )
    planted = {"Cookie": f"ordergrant=planted; {headers['Cookie']}"}
    yield guest("guest with two grants", stranger=foreign, headers=planted)


def shop_token(environment: Environment) -> str:
    """A token of the shop's own systems."""
    token = environment.shop.shop_token()
    environment.secrets.add(token)
    return token


def _shoppers(environment: Environment, own: Owner, foreign: Owner) -> Iterator[Identity]:
    headers = environment.customer(own.user).headers
    yield Identity("shopper", own, foreign, SHOPPER, headers=headers)
    without_token = {"Cookie": headers["Cookie"]}
    yield Identity("shopper without token", own, foreign, SHOPPER, headers=without_token)
    # A page of a sibling domain can plant a cookie before or after ours: both are refused.
    stranger = environment.customer(foreign.user).headers["Cookie"]
    for name, cookies in {
        "shopper after a planted session": [stranger, headers["Cookie"]],
        "shopper before a planted session": [headers["Cookie"], stranger],
    }.items():
        yield Identity(name, own, foreign, headers={"Cookie": "; ".join(cookies)})
    expired = environment.shop.session(own.user, days=-1)
    yield Identity("shopper of yesterday", own, foreign, headers=_cookie(expired))
    yield Identity("shopper made up", own, foreign, headers=_cookie("x" * 43))


def _keys(environment: Environment, own: Owner, foreign: Owner) -> Iterator[Identity]:
    """Programs: the key decides, and cookies beside it are ignored."""
    customer, stranger = environment.customer(own.user), environment.customer(foreign.user)
    foreign_cookies = {"Cookie": stranger.headers["Cookie"]}
    for name, cookies in {
        "program": {},
        "program beside a stranger's cookie": foreign_cookies,
    }.items():
        headers = {"Authorization": f"Session {environment.customer(own.user).session}", **cookies}
        yield Identity(name, own, foreign, KEY, SHOPPER, headers)
    expired = environment.shop.session(own.user, days=-1)
    for name, value in {
        "of yesterday": f"Session {expired}",
        "made up": f"Session {'x' * 43}",
        "without a key": "Session",
        "with two keys": f"Session {customer.session}, Session {customer.session}",
        "with a key as a token": f"Bearer {customer.session}",
    }.items():
        yield Identity(f"program {name}", own, foreign, headers={"Authorization": value})
    headers = {
        "Cookie": customer.headers["Cookie"],
        "Authorization": f"Session {'y' * 43}",
    }
    yield Identity("shopper beside a bad key", own, foreign, headers=headers)


def _sellers(environment: Environment, own: Owner, foreign: Owner) -> Iterator[Identity]:
    shop, all_scopes = environment.shop, frozenset(Scope)
    tokens = {f"seller without {scope}": all_scopes - {scope} for scope in sorted(all_scopes)}
    for name, scopes in {"seller": all_scopes, **tokens}.items():
        token = shop.token(own.seller, sorted(scopes))
        environment.secrets.add(token)
        for header, scheme in BEARERS.items():
            headers = {header: f"Bearer {token}"}
            title = f"{name} by {header}"
            yield Identity(title, own, foreign, scheme, headers=headers, scopes=scopes)
    expired = shop.token(own.seller, days=-1)
    for name, token in {"of yesterday": expired, "made up": "x" * 43}.items():
        headers = {"Authorization": f"Bearer {token}"}
        yield Identity(f"seller {name}", own, foreign, headers=headers)


def _look_up(environment: Environment, server: Server, guest: Owner) -> tuple[dict[str, str], str]:
    """Look up the guest's order; return headers with the grant, and the key of the grant."""
    with environment.client(server) as client:
        body = {"email": guest.user.email, "number": guest.number}
        response = client.post("/users/orders/anonymous/", json=body).raise_for_status()
        environment.secrets |= set(client.cookies.values())
        cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        headers = {"Cookie": cookies, "x-csrftoken": client.cookies["csrftoken"]}
        return headers, response.json()["key"]


def _cookie(session: str) -> dict[str, str]:
    return {"Cookie": f"sessionid={session}"}


def _name(user: User) -> str:
    return user.last_name
