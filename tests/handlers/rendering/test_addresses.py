from typing import Any

import pytest

from domain.orders.addresses import AddressType, LocationKind
from tests.support.builders import make_address, make_location, make_order
from tests.support.rendered_documents import render_order, served_contract


def render_address(language: str = "en-us", **overrides: Any) -> dict[str, Any]:
    order = make_order(shipping_address=make_address(**overrides))
    rendered: dict[str, Any] = render_order(order, language)["shipping_address"]
    return rendered


class TestAddress:
    def test_shows_every_property_of_the_contract(self) -> None:
        component = served_contract().document["components"]["schemas"]["Address"]

        assert render_address().keys() == component["properties"].keys()

    def test_has_the_id_of_its_user(self) -> None:
        assert render_address(user_pk=4)["user"] == 4

    @pytest.mark.parametrize("language", ["en-us", "tr-tr"])
    @pytest.mark.parametrize("kind", AddressType)
    def test_has_a_label_for_its_type(self, language: str, kind: AddressType) -> None:
        rendered = render_address(language, address_type=kind)["address_type"]

        assert rendered["value"] == kind.value
        assert rendered["label"] not in {"", kind.value}

    def test_has_the_same_hash_for_equal_content(self) -> None:
        one, same, other = (render_address(line=line) for line in ("A 1", "A 1", "A 2"))

        assert one["hash_data"] == same["hash_data"] != other["hash_data"]

    def test_may_lack_optional_fields(self) -> None:
        rendered = render_address()

        for name in ("township", "district", "retail_store", "email", "is_corporate"):
            assert rendered[name] is None


class TestLocation:
    def test_has_the_ids_of_larger_places(self) -> None:
        city = make_location(pk=34, country_pk=1, city_pk=None, code="34")

        rendered = render_address(city=city)["city"]

        assert (rendered["pk"], rendered["id"], rendered["code"]) == (34, 34, "34")
        assert (rendered["country"], rendered["city"], rendered["township"]) == (1, None, None)

    def test_has_no_code_if_there_is_none(self) -> None:
        assert "code" not in render_address(city=make_location(code=None))["city"]

    def test_has_an_empty_code_if_that_is_stored(self) -> None:
        assert render_address(city=make_location(code=""))["city"]["code"] == ""

    @pytest.mark.parametrize(("language", "name"), [("en-us", "Turkey"), ("tr-tr", "Türkiye")])
    def test_has_a_name_in_the_language_of_the_request(self, language: str, name: str) -> None:
        country = make_location(
            kind=LocationKind.COUNTRY, name="Türkiye", translations={"en-us": {"name": "Turkey"}}
        )

        assert render_address(language, country=country)["country"]["name"] == name
