"""Cancellation requests of imported orders."""

import json
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from uuid import UUID, uuid5

from domain.imports.parts import Part, SnapshotPool, defaults_of
from domain.imports.requested_units import RequestedUnits
from domain.orders.cancellation_plans import ImportedPlan, PlanStatus
from domain.orders.cancellations import (
    CancellationReason,
    CancellationRequest,
    CancellationRequestImage,
    CancellationStatus,
    CancellationType,
    EasyReturn,
)
from domain.orders.shipping import ShippingCompany

_NAMESPACE = UUID("2f1c5a92-53f0-4a6e-8f0b-6d9f0f4f2b3c")

_REASON_DEFAULTS = defaults_of(CancellationReason)
_REQUEST_DEFAULTS = defaults_of(CancellationRequest, "status", "easy_return", "is_imported")
_EASY_RETURN_DEFAULTS = defaults_of(EasyReturn, "pickup_date", "pickup_start", "pickup_end")
_IMAGE_DEFAULTS = defaults_of(CancellationRequestImage)


@dataclass(frozen=True, slots=True)
class ImportedEasyReturn:
    """A return parcel: EasyReturn's ``values``, and its carrier."""

    values: dict[str, Any]
    shipping_company: ShippingCompany


@dataclass(frozen=True, slots=True)
class ImportedRequest:
    """A request: CancellationRequest's ``values``, its parts, and its plan.

    ``reason`` has CancellationReason's values without dates; its UUID stands for its content.
    ``pointer`` is its place in the document.
    """

    pointer: str
    values: dict[str, Any]
    reason: dict[str, Any]
    easy_return: ImportedEasyReturn | None
    images: list[dict[str, Any]]
    plan: ImportedPlan | None

    @property
    def requested(self) -> RequestedUnits:
        """Its type, status and units."""
        values = self.values
        return RequestedUnits(values["cancellation_type"], values["status"], values["quantity"])


def read_requests(line: Part, key: str, pool: SnapshotPool) -> list[ImportedRequest]:
    """Read the requests of a line; ``key`` names the line among all lines.

    Raises Rejected for more units than were ordered and for a second open request.
    """
    requests: list[ImportedRequest] = []
    for index, part in enumerate(line.parts("cancellation_requests")):
        request = _request(part, f"{key}/{index}", pool)
        if (request.values["quantity"] or 0) > line.values["quantity"]:
            raise part.rejected("quantity", "The line has fewer units.")
        requests.append(request)
    return requests


def _request(part: Part, key: str, pool: SnapshotPool) -> ImportedRequest:
    values = part.values
    created_date = part.read("created_date")
    cancellation_type = part.read("cancellation_type")
    easy_return = part.optional_part("easy_return")
    plan = part.optional_part("plan")
    return ImportedRequest(
        pointer=part.pointer,
        values={
            **part.read_fields(_REQUEST_DEFAULTS),
            "uuid": UUID(values["uuid"]) if "uuid" in values else uuid5(_NAMESPACE, key),
            "cancellation_type": cancellation_type,
            "status": CancellationStatus(values["status"]),
            "is_imported": True,
            "created_date": created_date,
            "modified_date": part.read_or("modified_date", created_date),
        },
        reason=_reason(part.part("reason"), cancellation_type),
        easy_return=_easy_return(easy_return, pool) if easy_return else None,
        images=[_image(image, created_date) for image in part.parts("images")],
        plan=_plan(plan) if plan else None,
    )


def _plan(part: Part) -> ImportedPlan:
    status = part.values.get("status")
    return ImportedPlan(
        status=None if status is None else PlanStatus(status),
        note=part.values.get("note"),
        invoice_number=part.values.get("invoice_number"),
        payment_plan=part.values.get("payment_plan"),
    )


def _reason(part: Part, cancellation_type: CancellationType) -> dict[str, Any]:
    values = {
        **part.read_fields(_REASON_DEFAULTS),
        "cancellation_type": cancellation_type,
        "translations": part.values["translations"],
    }
    return {**values, "uuid": uuid5(_NAMESPACE, json.dumps(values, sort_keys=True))}


def _easy_return(part: Part, pool: SnapshotPool) -> ImportedEasyReturn:
    pickup = part.optional_part("pickup_date")
    hours = pickup.values["hour_range"] if pickup else {}
    return ImportedEasyReturn(
        values={
            **part.read_fields(_EASY_RETURN_DEFAULTS),
            "code": part.values["code"],
            "pickup_date": pickup.read("date") if pickup else None,
            "pickup_start": time.fromisoformat(hours["start"]) if pickup else None,
            "pickup_end": time.fromisoformat(hours["end"]) if pickup else None,
        },
        shipping_company=pool.get(ShippingCompany, part.values["shipping_company"]),
    )


def _image(part: Part, request_date: datetime) -> dict[str, Any]:
    created = part.read_or("created_date", request_date)
    return {
        **part.read_fields(_IMAGE_DEFAULTS),
        "image": part.values["image"],
        "created_date": created,
        "modified_date": created,
    }
