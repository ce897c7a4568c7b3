"""The tokens in one-time links: the UUID of a stored token with a signature for its purpose."""

from hashlib import sha256
from uuid import UUID

from itsdangerous import BadSignature, Signer

from domain.accounts.one_time_tokens import LinkExpired, Purpose
from handlers.settings import Settings


def sign_token(token_uuid: UUID, purpose: Purpose, settings: Settings) -> str:
    """The value that the link has for the stored token."""
    return _signer(purpose, settings).sign(token_uuid.hex).decode()


def read_token(value: str, purpose: Purpose, settings: Settings) -> UUID:
    """The UUID in a link's value. Raises LinkExpired for a value that was not signed for the
    purpose, as for a link that was used."""
    try:
        return UUID(_signer(purpose, settings).unsign(value).decode())
    except BadSignature:
        raise LinkExpired from None


def handover_url(token_uuid: UUID, settings: Settings) -> str:
    """The link that opens a session, for the shopper's browser."""
    token = sign_token(token_uuid, Purpose.HANDOVER, settings)
    return f"{settings.base_url}/users/handover/?token={token}"


def _signer(purpose: Purpose, settings: Settings) -> Signer:
    return Signer(settings.secrets, salt=f"one-time:{purpose.value}", digest_method=sha256)
