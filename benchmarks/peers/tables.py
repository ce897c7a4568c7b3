"""The shop's tables as SQLAlchemy's declarative mapping, for the peers that use SQLAlchemy.

Each such peer has a database of its own. Fields that Waybill computes from the clock and from other
rows (`is_refundable`, `amount_without_discount`, …) are plain columns here, which saves them work.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, DateTime, ForeignKey, Numeric, Table, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from benchmarks.peers.labels import named


class Base(DeclarativeBase):
    """The base of all tables: money has two decimals, times have a time zone."""

    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's declaration
        Decimal: Numeric(14, 2),
        datetime: DateTime(timezone=True),
        str: Text,
        int: BigInteger,
        dict[str, Any]: JSON(none_as_null=True),
        list[Any]: JSON(none_as_null=True),
    }


def foreign_key(target: str, **options: Any) -> Any:
    """A foreign key column to ``target``."""
    return mapped_column(ForeignKey(target), **options)


class WithId:
    """Rows that show their id as pk and id."""

    id: Mapped[int] = mapped_column(primary_key=True)

    @property
    def pk(self) -> int:
        return self.id


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]
    is_active: Mapped[bool]


class Session(Base):
    __tablename__ = "sessions"
    id_hash: Mapped[bytes] = mapped_column(primary_key=True)
    user_id: Mapped[int] = foreign_key("users.id", index=True)
    expires_date: Mapped[datetime]
    user: Mapped[User] = relationship()


class Seller(WithId, Base):
    __tablename__ = "sellers"
    name: Mapped[str]


class SellerToken(Base):
    __tablename__ = "seller_tokens"
    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    seller_id: Mapped[int] = foreign_key("sellers.id", index=True)
    scopes: Mapped[str]
    expires_date: Mapped[datetime]
    revoked_date: Mapped[datetime | None]


class Location(WithId, Base):
    __tablename__ = "locations"
    name: Mapped[str]
    code: Mapped[str | None]
    is_active: Mapped[bool]
    translations: Mapped[dict[str, Any] | None]
    country: Mapped[int | None]
    city: Mapped[int | None]
    township: Mapped[int | None]
    priority: Mapped[int | None]
    postcode: Mapped[str | None]


class Address(WithId, Base):
    __tablename__ = "addresses"
    email: Mapped[str]
    phone_number: Mapped[str]
    first_name: Mapped[str]
    last_name: Mapped[str]
    country_id: Mapped[int] = foreign_key("locations.id", index=True)
    city_id: Mapped[int] = foreign_key("locations.id", index=True)
    township_id: Mapped[int] = foreign_key("locations.id", index=True)
    district_id: Mapped[int] = foreign_key("locations.id", index=True)
    user_id: Mapped[int] = foreign_key("users.id", index=True)
    line: Mapped[str]
    title: Mapped[str]
    postcode: Mapped[str]
    notes: Mapped[str | None]
    company_name: Mapped[str | None]
    tax_office: Mapped[str | None]
    tax_no: Mapped[str | None]
    e_bill_taxpayer: Mapped[bool | None]
    hash_data: Mapped[str]
    address_type_code: Mapped[str]
    retail_store: Mapped[int | None]
    remote_id: Mapped[str | None]
    identity_number: Mapped[str | None]
    extra_field: Mapped[dict[str, Any] | None]
    is_corporate: Mapped[bool]
    primary: Mapped[bool]
    country: Mapped[Location] = relationship(foreign_keys=[country_id])
    city: Mapped[Location] = relationship(foreign_keys=[city_id])
    township: Mapped[Location] = relationship(foreign_keys=[township_id])
    district: Mapped[Location] = relationship(foreign_keys=[district_id])

    @property
    def user(self) -> int:
        return self.user_id

    @property
    def address_type(self) -> dict[str, str]:
        return named("address_type", self.address_type_code)


class PaymentOption(WithId, Base):
    __tablename__ = "payment_options"
    name: Mapped[str]
    payment_type: Mapped[str]
    slug: Mapped[str]


class Bank(WithId, Base):
    __tablename__ = "banks"
    name: Mapped[str]
    slug: Mapped[str]
    logo: Mapped[str | None]
    logo_path: Mapped[str | None]


class ShippingCompany(Base):
    __tablename__ = "shipping_companies"
    value: Mapped[str] = mapped_column(primary_key=True)
    label: Mapped[str]


class ShippingOptionGroup(WithId, Base):
    __tablename__ = "shipping_option_groups"
    amount: Mapped[Decimal]
    shipping_option_name: Mapped[str]
    shipping_option_logo: Mapped[str | None]


class Product(WithId, Base):
    __tablename__ = "products"
    sku: Mapped[str]
    base_code: Mapped[str]
    name: Mapped[str]
    image: Mapped[str | None]
    absolute_url: Mapped[str]
    attributes: Mapped[dict[str, Any]]
    attributes_kwargs: Mapped[dict[str, Any]]
    form_schema: Mapped[list[Any]]
    data_source: Mapped[int | None]
    extra_attributes: Mapped[dict[str, Any]]
    category: Mapped[dict[str, Any]]
    attribute_set: Mapped[list[Any]]


class EasyReturnCompany(WithId, Base):
    __tablename__ = "easy_return_companies"
    shipping_company_id: Mapped[str] = foreign_key("shipping_companies.value", index=True)
    name: Mapped[str]
    requires_pickup_address: Mapped[bool]
    shipping_company: Mapped[ShippingCompany] = relationship()


item_easy_return_companies = Table(
    "item_easy_return_companies",
    Base.metadata,
    Column("order_item_id", ForeignKey("order_items.id"), primary_key=True),
    Column("company_id", ForeignKey("easy_return_companies.id"), primary_key=True),
)
