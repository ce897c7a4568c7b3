"""Operations of openapi/current_user.yaml."""

from typing import Any

from domain.current_user import current_user
from handlers.context import caller, reading, record


def get_current_user() -> dict[str, Any]:
    with reading() as uow:
        return record("CurrentUser", current_user(caller().user_pk, uow))
