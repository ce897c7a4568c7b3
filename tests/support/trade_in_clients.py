"""Trade-in offers of a shop, their URLs, and a browser that submits the form."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import urljoin

from starlette.testclient import TestClient

from domain.accounts.users import User
from domain.orders.states import OrderState
from domain.orders.trade_in_offers import TradeInOffer
from domain.trade_ins import OfferLink
from handlers.auth.trade_in_links import sign_link
from handlers.settings import Settings
from tests.support.application import Shop
from tests.support.builders import make_item, make_offer, make_product

OLD_BROWSER = {"User-Agent": "Mozilla/5.0 (iPhone) Version/15.0 Safari"}
ANSWERS = {"approved": "approveTradeIn", "rejected": "rejectTradeIn"}
BROWSER = {"Accept": "text/html,*/*;q=0.8"}


def stored(shop: Shop, owner: User, days: int = 7, name: str = "Room Spray") -> TradeInOffer:
    offer = make_offer(expires_date=datetime.now(UTC) + timedelta(days=days))
    product = make_product(name=name)
    item = make_item(state=OrderState.DELIVERED, trade_in_offers=[offer], product=product)
    shop.order(owner, items=[item], state=OrderState.DELIVERED)
    return offer


def url(offer: TradeInOffer, answer: str) -> str:
    return f"/users/order_item/{offer.order_item_pk}/tradein_{answer}/"


def page_url(offer: TradeInOffer, settings: Settings | None = None) -> str:
    """The URL of the page; with settings it has the token of an e-mail."""
    path = f"/users/order_item/{offer.order_item_pk}/tradein/"
    if settings is None:
        return path
    return f"{path}?token={sign_link(OfferLink(offer.uuid), 'showTradeInOffer', settings)}"


def link(offer: TradeInOffer, answer: str, settings: Settings, purpose: str = "") -> str:
    token = sign_link(OfferLink(offer.uuid), ANSWERS[purpose or answer], settings)
    return f"{url(offer, answer)}?token={token}"


def send(client: TestClient, page: Any, answer: str) -> Any:
    """Press a button of the page, like a browser."""
    [action] = re.findall(r'<form method="post" action="([^"]*)"', page.text)
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    assert f'<button name="answer" value="{answer}"' in page.text.replace(' class="second"', "")
    target = urljoin(str(page.request.url), unescape(action))
    return client.post(target, data={**fields, "answer": answer}, headers=BROWSER)
