"""Sources of the current user."""

from domain.accounts.current_user import CurrentUser
from handlers.contract.operations.marshmallow_schemas import Rendering, Sources
from handlers.rendering.values import attribute

# Attributes of the user.
_KNOWN = ("pk", "email", "first_name", "last_name", "user_type")
_UNKNOWN = ("phone", "gender", "date_of_birth", "email_allowed", "sms_allowed")


def _nothing(_user: CurrentUser, _rendering: Rendering) -> None:
    """Null: Waybill does not store it."""


CURRENT_USER_SOURCES = [
    Sources(
        "CurrentUser",
        CurrentUser,
        {
            "id": attribute("user.pk"),
            "date_joined": attribute("user.created_date"),
            **{name: attribute(f"user.{name}") for name in _KNOWN},
            **dict.fromkeys(_UNKNOWN, _nothing),
        },
    )
]
