"""Handover of a shopper who is logged in at the shop: a one-time link opens a session."""

from datetime import timedelta
from uuid import UUID, uuid4

from domain.accounts.one_time_tokens import LinkExpired, OneTimeToken, OneTimeTokenWork, Purpose
from domain.accounts.sessions import OpenedSession, replace_session
from domain.accounts.users import UserType, audit_user, lock_by_email
from domain.shared.errors import NotFound

LIFETIME = timedelta(seconds=60)


def create_handover(email: str, actor: str, uow: OneTimeTokenWork) -> OneTimeToken:
    """Create the token of a link that opens a session of a registered user.

    Raises NotFound for an unknown e-mail address, for a guest's, and for an inactive user's.
    """
    user = lock_by_email(email, UserType.REGISTERED, uow)
    if not user.is_active:
        raise NotFound
    token = OneTimeToken(
        uuid=uuid4(),
        purpose=Purpose.HANDOVER,
        user_pk=user.pk,
        created_date=uow.now,
        expires_date=uow.now + LIFETIME,
    )
    uow.one_time_tokens.add(token)
    audit_user(user, actor, "handover created", uow)
    uow.commit()
    return token


def redeem_handover(
    token_uuid: UUID, replaced: str | None, lifetime: timedelta, uow: OneTimeTokenWork
) -> OpenedSession:
    """Use up the link and open a session that replaces the one with the value ``replaced``.

    Only one of concurrent transactions opens a session. Raises LinkExpired, also for the link of
    an inactive user.
    """
    token = uow.one_time_tokens.get(token_uuid, Purpose.HANDOVER)
    user = uow.users.lock(token.user_pk) if token else None
    if user is None or not user.is_active or not uow.one_time_tokens.use(token_uuid, uow.now):
        raise LinkExpired
    audit_user(user, f"user:{user.pk}", "handover redeemed", uow)
    return replace_session(user, replaced, lifetime, uow)
