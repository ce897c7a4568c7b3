from types import SimpleNamespace
from typing import Any

import pytest

from domain.shared.money import Currency
from handlers.contract.operations.marshmallow_schemas import Rendering, Source
from handlers.rendering.values import (
    Labelled,
    attribute,
    currency,
    identifier,
    money,
    optional,
    rate,
    translated,
    with_label,
)
from tests.support.builders import NOW, make_product


def value(source: Source, language: str = "en-us", root: Any = None, **attributes: Any) -> Any:
    """The value of the source for an entity with these attributes."""
    return source(SimpleNamespace(**attributes), Rendering(root, language, NOW))


class TestAttribute:
    def test_is_read_at_any_depth(self) -> None:
        assert value(attribute("a.b"), a=SimpleNamespace(b=5)) == 5


class TestOptional:
    def test_is_read_if_the_object_exists(self) -> None:
        assert value(optional("pk", of="seller"), seller=SimpleNamespace(pk=5)) == 5

    def test_is_none_without_the_object(self) -> None:
        assert value(optional("pk", of="seller"), seller=None) is None


class TestMoney:
    @pytest.mark.parametrize(
        ("amount", "code", "text"),
        [
            (1099, Currency.TRY, "10.99"),
            (1099, Currency.KWD, "1.099"),
            (5, Currency.JOD, "0.005"),
            (0, Currency.TRY, "0.00"),
            (-500, Currency.TRY, "-5.00"),
            (2**63 - 1, Currency.TRY, "92233720368547758.07"),
        ],
    )
    def test_is_a_decimal_in_the_document_s_currency(
        self, amount: int, code: Currency, text: str
    ) -> None:
        assert value(money("amount"), root=SimpleNamespace(currency=code), amount=amount) == text

    def test_may_be_none(self) -> None:
        assert value(money("amount"), amount=None) is None


class TestRate:
    @pytest.mark.parametrize(("rate_", "text"), [(1800, "18.00"), (50, "0.50"), (0, "0.00")])
    def test_is_a_percentage(self, rate_: int, text: str) -> None:
        assert value(rate("tax_rate"), tax_rate=rate_) == text

    def test_may_be_none(self) -> None:
        assert value(rate("tax_rate"), tax_rate=None) is None


class TestIdentifier:
    @pytest.mark.parametrize(("stock", "pk"), [({"pk": 5}, 5), ({}, None), (None, None)], ids=str)
    def test_is_that_of_the_object(self, stock: dict[str, int] | None, pk: int | None) -> None:
        assert value(identifier("stock"), stock=stock) == pk


class TestCurrency:
    @pytest.mark.parametrize(
        ("code", "label"), [(Currency.TRY, "TL"), (Currency.USD, "USD"), (Currency.KWD, "KWD")]
    )
    @pytest.mark.parametrize("language", ["en-us", "tr-tr"])
    def test_is_that_of_the_document(self, code: Currency, label: str, language: str) -> None:
        rendered = value(currency, language, root=SimpleNamespace(currency=code))

        assert rendered == Labelled(code.value, label)
        assert type(rendered.value) is str


class TestNamed:
    @pytest.mark.parametrize(
        ("language", "label"), [("en-us", "Cancelled"), ("tr-tr", "İptal edildi")]
    )
    def test_has_a_label_in_the_language_of_the_request(self, language: str, label: str) -> None:
        assert value(with_label("order_status", "status"), language, status="100") == Labelled(
            "100", label
        )

    def test_without_a_label_is_its_own_label(self) -> None:
        assert value(with_label("client_type", "kind"), "tr-tr", kind="kiosk") == Labelled(
            "kiosk", "kiosk"
        )

    def test_may_be_none(self) -> None:
        assert value(with_label("order_type", "kind"), kind=None) is None


class TestTranslated:
    @pytest.mark.parametrize(
        ("translations", "name"),
        [
            ({"en-us": {"name": "Towel"}, "tr-tr": {"name": "Peştemal"}}, "Towel"),
            ({"tr-tr": {"name": "Peştemal"}}, "Havlu"),
            ({"en-us": {"name": ""}}, "Havlu"),
            ({"en-us": {}}, "Havlu"),
            ({"en-us": None}, "Havlu"),
            ({}, "Havlu"),
            (None, "Havlu"),
        ],
        ids=str,
    )
    def test_is_in_the_language_of_the_request_or_the_default(
        self, translations: dict[str, Any] | None, name: str
    ) -> None:
        product = make_product(name="Havlu", translations=translations)

        assert translated("name")(product, Rendering(None, "en-us", NOW)) == name
