"""Fakes of other rooms for the tests of one."""

import json
import pickle
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from domain.sellers.tokens import SellerToken, TokenHolder
from domain.shared.documents import RenderedDocument, Renderer
from persistence.seller_center.list_definitions import LIST_DEFINITIONS
from tests.support.builders import NOW


class FakeClock:
    """A clock that changes only when it is set."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


class FakeRenderer:
    """Documents with the version of the entity, the language and the time of rendering."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.edition = "first"
        self.rendered: list[int] = []
        self.valid_until: Callable[[Any], datetime | None] = lambda _: None
        self.describe: Callable[[Any], object] = lambda _: None

    def __call__(self, entity: Any, language: str, now: datetime) -> RenderedDocument:
        self.rendered.append(entity.pk)
        body = {
            "pk": entity.pk,
            "version": entity.version,
            "language": language,
            "edition": self.edition,
            "now": now.isoformat(),
            "shown": self.describe(entity),
        }
        return RenderedDocument(json.dumps(body).encode(), self.valid_until(entity))


class FakeViewRenderer:
    """Documents that `view_of` converts back to the view."""

    edition = "first"

    def __call__(self, entity: Any, language: str, now: datetime) -> RenderedDocument:
        return RenderedDocument(pickle.dumps(entity), None)


def view_of(document: bytes) -> Any:
    """The view that a FakeViewRenderer rendered."""
    return pickle.loads(document)  # noqa: S301 - of our own


def fake_renderers(
    orders: Renderer[Any] | None = None, old_orders: Renderer[Any] | None = None
) -> Mapping[str, Renderer[Any]]:
    """Renderers for a database."""
    return {
        "orders": orders or FakeRenderer(),
        "old_orders": old_orders or FakeRenderer(),
        **dict.fromkeys(LIST_DEFINITIONS, FakeViewRenderer()),
    }


def holder_of(token: SellerToken) -> TokenHolder:
    """The holder of a stored token."""
    return TokenHolder(
        token_pk=token.pk,
        seller_pk=token.seller.pk if token.seller else None,
        scopes=token.scopes,
        expires_date=token.expires_date,
        last_used_day=token.last_used_day,
    )
