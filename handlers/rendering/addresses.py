"""Sources of addresses and their locations."""

from typing import Any

from marshmallow import missing

from domain.orders.addresses import Address, Location
from handlers.contract.operations.marshmallow_schemas import Rendering, Sources
from handlers.rendering.values import attribute, translated, with_label


def _code(location: Location, _rendering: Rendering) -> Any:
    """Omitted if the location has none: the contract allows no null here."""
    return missing if location.code is None else location.code


LOCATION = Sources(
    "LocationSummary",
    Location,
    {
        "id": attribute("pk"),
        "name": translated("name"),
        "country": attribute("country_pk"),
        "city": attribute("city_pk"),
        "township": attribute("township_pk"),
    },
    optional={"code": _code},
)

ADDRESS = Sources(
    "Address",
    Address,
    {
        "id": attribute("pk"),
        "address_type": with_label("address_type", "address_type"),
        "user": attribute("user_pk"),
    },
)
