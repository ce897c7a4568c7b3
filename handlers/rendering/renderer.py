"""Renders a document once and validates it before it is stored."""

import hashlib
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, TypeVar

import orjson

from domain.shared.documents import RenderedDocument
from handlers.contract.document.bundle import Contract
from handlers.contract.document.published import to_json
from handlers.contract.document.validators import SchemaValidators, describe, pointer_to
from handlers.contract.operations.marshmallow_schemas import Rendering, Schemas, Sources
from handlers.contract.operations.violations import Violations
from handlers.rendering.compiled import compile_rendering

Entity = TypeVar("Entity")
ValidUntil = Callable[[Entity, datetime], datetime | None]

_ROOMS = Path(__file__).parents[2]


def never(_entity: object, _now: datetime) -> None:
    """``valid_until`` of documents that do not depend on the clock."""


class ContractRenderer(Generic[Entity]):
    """Renders entities as one component of the contract; a `domain.shared.documents.Renderer`.

    ``valid_until`` returns the time from which a document is outdated without a change of its
    entity, None for never.
    """

    def __init__(
        self,
        contract: Contract,
        component: str,
        sources: Iterable[Sources],
        valid_until: ValidUntil[Entity],
        violations: Violations,
        edition: str,
    ) -> None:
        self._component = component
        self._render = compile_rendering(Schemas(contract, sources).for_rendering(component))
        pointer = pointer_to("components", "schemas", component)
        self._validator = SchemaValidators(contract.document).compile(pointer)
        self._valid_until = valid_until
        self._violations = violations
        self.edition = edition

    def __call__(self, entity: Entity, language: str, now: datetime) -> RenderedDocument:
        """Raises ContractViolation for a document that violates the contract."""
        document: Any = self._render(entity, Rendering(entity, language, now))
        if not self._validator.is_valid(document):
            error = next(self._validator.iter_errors(document))
            self._violations.report(self._component, describe(error))
        return RenderedDocument(orjson.dumps(document), self._valid_until(entity, now))


def edition_of(contract: Contract, *settings: object) -> str:
    """A hash of everything that documents depend on besides their entities.

    That is the contract, the code of `domain` and `handlers`, the catalogues and ``settings``. A
    stored document of another edition is rendered again.
    """
    digest = hashlib.sha256(to_json(contract.document))
    for room, pattern in (("domain", "**/*.py"), ("handlers", "**/*.py"), ("handlers", "**/*.mo")):
        for path in sorted((_ROOMS / room).glob(pattern)):
            digest.update(path.read_bytes())
    digest.update(repr(settings).encode())
    return digest.hexdigest()
