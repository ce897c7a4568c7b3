"""The tokens in the links of a mailed trade-in offer: each is good for one answer to one offer."""

from hashlib import sha256
from uuid import UUID

from itsdangerous import BadSignature, Signer

from domain.errors import NotFound
from domain.trade_ins import OfferLink
from handlers.settings import Settings


def sign_link(offer: OfferLink, operation_id: str, settings: Settings) -> str:
    """The token that stands for the login at the operation which gives that answer.

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
    return Signer(settings.secret, salt=f"trade-in:{operation_id}", digest_method=sha256)
