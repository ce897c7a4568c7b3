"""Addresses for shipping and billing, and the places in them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from domain.shared.snapshots import IdentifiedSnapshot


class LocationKind(StrEnum):
    COUNTRY = "country"
    CITY = "city"
    TOWNSHIP = "township"
    DISTRICT = "district"


class AddressType(StrEnum):
    CUSTOMER = "customer"
    RETAIL_STORE = "retail_store"


@dataclass(eq=False, kw_only=True)
class Location(IdentifiedSnapshot):
    """A country, city, township or district.

    ``country_pk``, ``city_pk`` and ``township_pk`` are the places that contain it.
    ``translations`` is ``{language: {"name": ...}}``.
    """

    kind: LocationKind
    name: str
    code: str | None = None
    is_active: bool = True
    translations: Mapping[str, Any] | None = None
    country_pk: int | None = None
    city_pk: int | None = None
    township_pk: int | None = None
    priority: int | None = None
    postcode: str | None = None


@dataclass(eq=False, kw_only=True)
class Address(IdentifiedSnapshot):
    """An address of one user, as it was when the order was placed."""

    user_pk: int
    title: str
    email: str | None = None
    phone_number: str
    first_name: str
    last_name: str
    country: Location
    city: Location
    township: Location | None = None
    district: Location | None = None
    line: str
    postcode: str | None = None
    notes: str | None = None
    company_name: str | None = None
    tax_office: str | None = None
    tax_no: str | None = None
    e_bill_taxpayer: bool | None = None
    address_type: AddressType = AddressType.CUSTOMER
    retail_store: Mapping[str, Any] | None = None
    remote_id: str | None = None
    identity_number: str | None = None
    extra_field: Mapping[str, Any] | None = None
    is_active: bool = True
    is_corporate: bool | None = None
    primary: bool | None = None

    @property
    def hash_data(self) -> str:
        """A hash that equal addresses of one user share."""
        return self.content_hash
