"""Operations of openapi/health.yaml."""

from flask import Response
from prometheus_client import CONTENT_TYPE_LATEST

from domain.shared.readiness import Draining
from handlers.web.draining import is_draining
from handlers.web.request_context import metrics, require_ready


def check_liveness() -> dict[str, str]:
    return {"status": "ok"}


def check_readiness() -> dict[str, str]:
    if is_draining():
        raise Draining
    require_ready()
    return {"status": "ok"}


def get_metrics() -> Response:
    return Response(metrics().text(), content_type=CONTENT_TYPE_LATEST)
