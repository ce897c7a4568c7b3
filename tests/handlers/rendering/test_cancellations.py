from datetime import date, time, timedelta
from typing import Any

import pytest

from domain.orders.cancellations import CancellationStatus, CancellationType
from tests.support.builders import (
    NOW,
    make_easy_return,
    make_image,
    make_item,
    make_request,
    make_shipping_company,
)
from tests.support.rendered_documents import render_item

PICKUP = {
    "pickup_date": date(2026, 3, 5),
    "pickup_start": time(9),
    "pickup_end": time(12, 30),
}


def render_request(language: str = "en-us", **overrides: Any) -> dict[str, Any]:
    item = make_item(cancellation_requests=[make_request(**overrides)])
    rendered: dict[str, Any] = render_item(item, language)["cancellationrequest_set"][0]
    return rendered


def render_easy_return(**overrides: Any) -> dict[str, Any]:
    rendered: dict[str, Any] = render_request(easy_return=make_easy_return(**overrides))[
        "easy_return"
    ]
    return rendered


class TestRequest:
    def test_has_the_ids_of_line_and_reason(self) -> None:
        rendered = render_request(order_item_pk=5, reason_pk=9, quantity=2, iban="TR00", pk=3)

        assert (rendered["pk"], rendered["id"]) == (3, 3)
        assert (rendered["order_item"], rendered["reason"], rendered["quantity"]) == (5, 9, 2)
        assert rendered["iban"] == "TR00"

    @pytest.mark.parametrize("language", ["en-us", "tr-tr"])
    @pytest.mark.parametrize("status", CancellationStatus)
    @pytest.mark.parametrize("kind", CancellationType)
    def test_has_labels_for_its_type_and_status(
        self, language: str, status: CancellationStatus, kind: CancellationType
    ) -> None:
        rendered = render_request(language, status=status, cancellation_type=kind)

        for name, value in (("status", status.value), ("cancellation_type", kind.value)):
            assert rendered[name]["value"] == value
            assert rendered[name]["label"] not in {"", value}

    def test_is_active_until_it_is_settled(self) -> None:
        requests = [
            make_request(pk=1, status=CancellationStatus.APPROVED, created_date=NOW),
            make_request(pk=2, status=CancellationStatus.OPEN),
            make_request(pk=3, status=CancellationStatus.REJECTED, created_date=NOW + timedelta(1)),
        ]

        rendered = render_item(make_item(cancellation_requests=requests))

        assert [request["pk"] for request in rendered["cancellationrequest_set"]] == [1, 2, 3]
        assert rendered["active_cancellation_request"]["pk"] == 2

    def test_may_be_absent(self) -> None:
        rendered = render_item()

        assert rendered["cancellationrequest_set"] == []
        assert rendered["active_cancellation_request"] is None

    def test_has_its_images(self) -> None:
        image = make_image(pk=4, cancellation_request_pk=3, description=None)

        [rendered] = render_request(pk=3, images=[image])["cancellation_request_image_set"]

        assert rendered == {
            "pk": 4,
            "id": 4,
            "cancellation_request": 3,
            "image": "https://cdn.example.com/broken.jpg",
            "description": None,
            "is_uploaded_by_user": True,
            "created_date": "2026-03-01T12:00:00.000000Z",
            "modified_date": "2026-03-01T12:00:00.000000Z",
        }


class TestEasyReturn:
    def test_has_carrier_and_status(self) -> None:
        company = make_shipping_company(value="ups", label="UPS")

        rendered = render_easy_return(shipping_company=company, code="14223")

        assert rendered["shipping_company"] == {"value": "ups", "label": "UPS"}
        assert rendered["status"] == {"value": "active", "label": "Active"}
        assert (rendered["code"], rendered["start_date"], rendered["tracking_url"]) == (
            "14223",
            None,
            None,
        )

    def test_has_the_pickup(self) -> None:
        assert render_easy_return(**PICKUP)["pickup_date"] == {
            "date": "2026-03-05",
            "hour_range": {"start": "09:00", "end": "12:30"},
        }

    def test_has_a_pickup_at_midnight(self) -> None:
        rendered = render_easy_return(**PICKUP | {"pickup_start": time(0)})

        assert rendered["pickup_date"]["hour_range"]["start"] == "00:00"

    @pytest.mark.parametrize("absent", PICKUP)
    def test_has_no_incomplete_pickup(self, absent: str) -> None:
        assert render_easy_return(**PICKUP | {absent: None})["pickup_date"] is None

    def test_may_be_absent(self) -> None:
        assert render_request()["easy_return"] is None
