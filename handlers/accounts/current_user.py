"""Operations of openapi/accounts/current_user.yaml."""

from typing import Any

from domain.accounts.current_user import current_user
from handlers.web.request_context import caller, reading, record


def get_current_user() -> dict[str, Any]:
    with reading() as uow:
        return record("CurrentUser", current_user(caller().user_pk, uow))
