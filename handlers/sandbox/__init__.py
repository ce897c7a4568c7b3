"""Operations of openapi/sandbox.yaml, which only `waybill serve --sandbox` serves."""

from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from flask import Response, current_app

from domain.shared.errors import InvalidInput
from handlers.auth.rate_limits import LoginRateLimits, LookupRateLimits, ResetRateLimits
from handlers.contract.operations.responses import Reply
from handlers.sandbox.failures import Failure, FailureKind
from handlers.sandbox.state import known_operations, sandbox, sandbox_database
from handlers.web.request_context import PARTS, parts, settings


def get_sandbox() -> dict[str, Any]:
    failures = list_sandbox_failures()["results"]
    clock = get_sandbox_clock()
    return {"clock": clock, **sandbox().shop.credentials, "failures": failures}


def reset_sandbox() -> Response:
    sandbox().clock.set(sandbox().shop.now)
    sandbox().shop.store(sandbox_database())
    sandbox().failures.clear()
    sandbox().emails.clear()
    current_app.extensions[PARTS] = replace(
        parts(),
        login_limits=LoginRateLimits(settings()),
        lookup_limits=LookupRateLimits(settings()),
        reset_limits=ResetRateLimits(settings()),
    )
    return Response(status=204)


def get_sandbox_clock() -> dict[str, Any]:
    return {"now": sandbox().clock().isoformat().replace("+00:00", "Z")}


def set_sandbox_clock(body: dict[str, Any]) -> dict[str, Any]:
    sandbox().clock.set(datetime.fromisoformat(body["now"]))
    sandbox_database().expire_documents()
    return get_sandbox_clock()


def list_sandbox_failures() -> dict[str, Any]:
    return {"results": [asdict(failure) for failure in sandbox().failures.pending()]}


def add_sandbox_failure(body: dict[str, Any]) -> Reply:
    if body["operation_id"] not in known_operations():
        raise InvalidInput("There is no such operation.", field="operation_id")
    failure = Failure(**body | {"kind": FailureKind(body["kind"])})
    sandbox().failures.add(failure)
    return Reply(201, asdict(failure))


def clear_sandbox_failures() -> Response:
    sandbox().failures.clear()
    return Response(status=204)


def list_sandbox_emails() -> dict[str, Any]:
    # Imported here: the sandbox starts faster without the modules that build e-mails.
    from handlers.mail.outbox_worker import OutboxWorker

    worker = OutboxWorker(sandbox_database(), sandbox().emails, settings())
    while worker.deliver_next():
        pass
    emails = sandbox().emails.sent()
    return {"results": [{**asdict(email), "links": email.links} for email in emails]}
