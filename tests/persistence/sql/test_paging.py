"""The values of a page's parameters."""

import pytest

from domain.shared.identifiers import MAX_PK
from domain.shared.paging import PageRequest
from persistence.sql.statements import limit_offset


@pytest.mark.parametrize("page", [2**58, 2**63 - 1, 2**63])
def test_limit_and_offset_have_together_64_bits(page: int) -> None:
    values = limit_offset(PageRequest(page, 500))

    assert values["limit"] == 500
    assert sum(values.values()) == MAX_PK


def test_an_offset_is_that_of_the_page() -> None:
    assert limit_offset(PageRequest(3, 20)) == {"limit": 20, "offset": 40}
