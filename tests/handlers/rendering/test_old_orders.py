import pytest

from domain.shared.money import Currency
from tests.support.builders import make_old_item, make_old_order
from tests.support.rendered_documents import render_old_order, served_contract


def test_an_old_order_shows_every_property_of_the_contract() -> None:
    components = served_contract().document["components"]["schemas"]

    rendered = render_old_order(make_old_order())

    assert rendered.keys() == components["UserOldOrder"]["properties"].keys()
    [line] = rendered["oldorderitem_set"]
    assert line.keys() == components["UserOldOrderItem"]["properties"].keys()


def test_its_status_is_not_translated() -> None:
    assert render_old_order(make_old_order(status="Tamamlandı"), "en-us")["status"] == "Tamamlandı"


def test_its_amounts_are_decimals_in_its_currency() -> None:
    items = [make_old_item(price=1800), make_old_item(line=2, price=5)]

    rendered = render_old_order(
        make_old_order(amount=1005, discount_amount=800, currency=Currency.KWD, items=items)
    )

    assert (rendered["amount"], rendered["discount_amount"]) == ("1.005", "0.800")
    assert rendered["currency"] == {"value": "kwd", "label": "KWD"}
    assert [line["price"] for line in rendered["oldorderitem_set"]] == ["1.800", "0.005"]


@pytest.mark.parametrize(
    ("label", "expected"), [("Yurtiçi Kargo", "Yurtiçi Kargo"), (None, "yurtici"), ("", "yurtici")]
)
def test_its_carrier_has_a_name_or_its_code(label: str | None, expected: str) -> None:
    old_order = make_old_order(shipping_company="yurtici", shipping_company_label=label)

    assert render_old_order(old_order)["shipping_company"] == {
        "value": "yurtici",
        "label": expected,
    }


def test_its_carrier_may_be_absent() -> None:
    assert render_old_order(make_old_order())["shipping_company"] is None


def test_it_has_the_id_of_its_user_and_may_have_no_lines() -> None:
    rendered = render_old_order(make_old_order(pk=5, user_pk=42, items=[]))

    assert (rendered["pk"], rendered["id"], rendered["user"]) == (5, 5, 42)
    assert rendered["oldorderitem_set"] == []
