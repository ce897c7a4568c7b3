"""Statements of the Litestar peer use all their arguments."""

import re

import pytest

from benchmarks.peers.litestar_json import labelled
from benchmarks.peers.litestar_reads import list_seller_orders


@pytest.mark.parametrize(
    ("filters", "arguments"),
    [((), 3), (("status",), 4), (("status", "amount__gte", "date_placed__gte"), 6)],
)
def test_filters_are_arguments_in_their_order(filters: tuple[str, ...], arguments: int) -> None:
    statement = list_seller_orders(filters)

    used = {int(number) for number in re.findall(r"\$(\d+)", statement)}
    assert used == set(range(1, arguments + 1))
    assert ("o.status = $4" in statement) is ("status" in filters)


def test_a_code_is_shown_with_its_label() -> None:
    assert labelled("currency", "o.c").startswith(
        """CASE o.c WHEN 'try' THEN '{"value":"try","label":"TL"}'::json"""
    )
