from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from structlog.testing import capture_logs

from domain.orders.return_policy import ReturnPolicy
from handlers.contract.document.bundle import Contract, ContractError
from handlers.contract.operations.marshmallow_schemas import Sources
from handlers.contract.operations.violations import (
    ContractViolation,
    ResponseValidation,
    Violations,
)
from handlers.rendering import renderer
from handlers.rendering.renderer import ContractRenderer, edition_of
from tests.support.builders import NOW
from tests.support.rendered_documents import ENFORCED, served_contract
from tests.support.small_contracts import THING, make_contract


@dataclass
class Thing:
    name: Any = "cup"
    size: Any = 5


def make_renderer(
    violations: Violations = ENFORCED, sources: Sources | None = None
) -> ContractRenderer[Thing]:
    return ContractRenderer(
        make_contract({}),
        "Thing",
        [sources or Sources("Thing", Thing)],
        lambda thing, now: now + timedelta(days=thing.size),
        violations,
        "second",
    )


class TestRendering:
    def test_returns_the_document_as_bytes(self) -> None:
        document = make_renderer()(Thing("ş<"), "en-us", NOW)

        assert document.body == '{"name":"ş<","size":5}'.encode()

    def test_returns_the_validity_of_the_document(self) -> None:
        assert make_renderer()(Thing(size=2), "en-us", NOW).valid_until == NOW + timedelta(days=2)

    def test_passes_language_and_time_to_the_sources(self) -> None:
        sources = Sources("Thing", Thing, {"name": lambda _, at: f"{at.language} {at.now:%Y}"})

        document = make_renderer(sources=sources)(Thing(), "tr-tr", NOW)

        assert orjson.loads(document.body)["name"] == "tr-tr 2026"

    def test_has_an_edition(self) -> None:
        assert make_renderer().edition == "second"

    def test_refuses_a_document_outside_the_contract(self) -> None:
        with pytest.raises(ContractViolation, match=r"^/name fails type$"):
            make_renderer()(Thing(name=None), "en-us", NOW)

    def test_only_reports_violations_in_report_mode(self) -> None:
        reporting = make_renderer(Violations(ResponseValidation.REPORT))

        with capture_logs() as lines:
            document = reporting(Thing(name=None), "en-us", NOW)

        assert document.body == b'{"name":null,"size":5}'
        assert [(line["operation_id"], line["reason"]) for line in lines] == [
            ("Thing", "/name fails type")
        ]

    def test_needs_its_sources_at_the_start(self) -> None:
        with pytest.raises(ContractError, match=r"Thing/properties/size: no source"):
            make_renderer(sources=Sources("Thing", Violations, {"name": lambda *_: ""}))


class TestEdition:
    def test_is_deterministic(self) -> None:
        contract = served_contract()

        assert edition_of(contract, ReturnPolicy()) == edition_of(contract, ReturnPolicy())

    def test_is_another_for_another_contract(self) -> None:
        contract = make_contract({}, schemas={"Thing": THING})

        assert edition_of(contract) != edition_of(served_contract())

    def test_is_another_for_other_settings(self) -> None:
        longer = ReturnPolicy(timedelta(days=15))

        assert edition_of(_EMPTY, ReturnPolicy()) != edition_of(_EMPTY, longer)

    @pytest.mark.parametrize(
        "path",
        [
            "domain/orders/orders.py",
            "domain/orders/order.py",
            "handlers/rendering/compiled.py",
            "handlers/contract/operations/marshmallow_schemas.py",
            "handlers/i18n/locale/tr/LC_MESSAGES/messages.mo",
        ],
    )
    def test_is_another_for_other_code_and_catalogues(
        self, path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(renderer, "_ROOMS", tmp_path)
        file = tmp_path / path
        file.parent.mkdir(parents=True)
        file.write_bytes(b"before")
        before = edition_of(_EMPTY)

        file.write_bytes(b"after")

        assert edition_of(_EMPTY) != before

    def test_fits_into_its_column(self) -> None:
        assert len(edition_of(_EMPTY)) <= 64


_EMPTY = Contract({}, {})
