"""The links to a trade-in offer: to its page, and those that answer it at once.

Each has a token that is good for one offer, and for the page or for one of the answers.
"""

from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from itsdangerous import BadSignature, Signer

from domain.shared.errors import NotFound
from domain.trade_ins import OfferLink
from handlers.settings import Settings

_PAGE = "showTradeInOffer"
# The page's token is that of its buttons. It opens none of the links that answer at once.
_PURPOSES = {"answerTradeInOffer": _PAGE}


@dataclass(frozen=True, slots=True)
class OfferLinks:
    """URLs. Opening ``page`` changes nothing; opening one of the others answers the offer."""

    page: str
    approve: str
    reject: str


def offer_links(item_pk: int, offer: OfferLink, settings: Settings) -> OfferLinks:
    """The links to an offer for this order item."""

    def link(name: str, operation_id: str) -> str:
        token = sign_link(offer, operation_id, settings)
        return f"{settings.base_url}/users/order_item/{item_pk}/{name}/?token={token}"

    return OfferLinks(
        page=link("tradein", _PAGE),
        approve=link("tradein_approved", "approveTradeIn"),
        reject=link("tradein_rejected", "rejectTradeIn"),
    )


def sign_link(offer: OfferLink, operation_id: str, settings: Settings) -> str:
    """The token that stands for the login at this operation.

    It holds as long as the offer does, whose end is not in it.
    """
    return _signer(operation_id, settings).sign(offer.offer_uuid.hex).decode()


def read_link(token: str, operation_id: str, settings: Settings) -> OfferLink:
    """The offer that the token is for. Raises NotFound for a token that we did not sign for it."""
    try:
        return OfferLink(UUID(_signer(operation_id, settings).unsign(token).decode()))
    except BadSignature:
        raise NotFound from None


def _signer(operation_id: str, settings: Settings) -> Signer:
    purpose = _PURPOSES.get(operation_id, operation_id)
    return Signer(settings.secret, salt=f"trade-in:{purpose}", digest_method=sha256)
