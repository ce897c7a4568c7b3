from typing import Any

import pytest

from domain.shared.snapshots import Snapshot
from tests.support.builders import (
    make_address,
    make_bank,
    make_easy_return_company,
    make_location,
    make_payment_option,
    make_product,
    make_shipping_company,
)


class TestContentHash:
    def test_equal_content_has_one_hash(self) -> None:
        assert make_address().content_hash == make_address().content_hash

    @pytest.mark.parametrize(
        "overrides",
        [
            {"line": "Other Street 3"},
            {"user_pk": 2},
            {"city": make_location(name="Ankara")},
            {"district": make_location(name="Ankara")},
            {"extra_field": {"door": "blue"}},
            {"is_corporate": False},
        ],
    )
    def test_other_content_has_another(self, overrides: dict[str, Any]) -> None:
        assert make_address(**overrides).content_hash != make_address().content_hash

    def test_ids_do_not_count_as_content(self) -> None:
        assert make_product(pk=1).content_hash == make_product(pk=2).content_hash

    def test_the_order_of_keys_does_not_matter(self) -> None:
        one = make_product(attributes={"a": "1", "b": "2"})
        other = make_product(attributes={"b": "2", "a": "1"})

        assert one.content_hash == other.content_hash

    def test_referenced_snapshots_count_as_content(self) -> None:
        other_carrier = make_shipping_company(value="aras")

        named = make_easy_return_company(shipping_company=other_carrier)

        assert named.content_hash != make_easy_return_company().content_hash

    def test_snapshots_of_different_kinds_never_share_a_hash(self) -> None:
        kinds: list[Snapshot] = [make_bank(), make_payment_option(), make_product()]

        assert len({snapshot.content_hash for snapshot in kinds}) == len(kinds)

    def test_content_must_be_json(self) -> None:
        with pytest.raises(TypeError, match="object"):
            make_product(attributes={"a": object()})


def test_the_hash_data_of_an_address_is_its_content_hash() -> None:
    address = make_address()

    assert address.hash_data == address.content_hash
