"""Properties that every rendered document has are required in its component."""

import pytest

from handlers.contract.document.bundle import load_contract
from tests.support.rendering_sources import all_sources

SOURCES = all_sources()


def test_the_sources_of_all_documents_are_found() -> None:
    assert {"UserOrder", "UserOrderItem", "UserOldOrder", "SellerOrder"} <= SOURCES.keys()


@pytest.mark.parametrize("component", sorted(SOURCES))
def test_all_properties_except_optional_ones_are_required(component: str) -> None:
    schema = load_contract().document["components"]["schemas"][component]

    assert set(schema["required"]) == schema["properties"].keys() - SOURCES[component].optional
