"""The links of a trade-in offer: to its page, and to answer it at once.

A token is valid for one offer, and for the page or one of the answers.
"""

from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from itsdangerous import BadSignature, Signer

from domain.shared.errors import NotFound
from domain.trade_ins import OfferLink
from handlers.settings import Settings

_PAGE = "showTradeInOffer"
# The token of the page is also valid for its buttons, but not for the links that answer at once.
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
    """The token that replaces a login at this operation.

    It is valid as long as the offer, whose end it does not contain.
    """
    return _signer(operation_id, settings).sign(offer.offer_uuid.hex).decode()


def read_link(token: str, operation_id: str, settings: Settings) -> OfferLink:
    """The offer of the token. Raises NotFound for a token that is not signed for the operation."""
    try:
        return OfferLink(UUID(_signer(operation_id, settings).unsign(token).decode()))
    except BadSignature:
        raise NotFound from None


def _signer(operation_id: str, settings: Settings) -> Signer:
    purpose = _PURPOSES.get(operation_id, operation_id)
    return Signer(settings.secrets, salt=f"trade-in:{purpose}", digest_method=sha256)
