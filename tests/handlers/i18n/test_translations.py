from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po
from babel.support import Translations

from domain.cancellations.codes import CancellationCode
from domain.orders.states import OrderState
from handlers.i18n.labels import LABELS
from handlers.i18n.translations import LOCALE_FOLDER, choose_language, label, translate

ROOT = Path(__file__).parents[3]


def source(locale: str) -> Catalog:
    with (LOCALE_FOLDER / locale / "LC_MESSAGES/messages.po").open("rb") as file:
        return read_po(file, locale=locale)


def texts_in_code() -> Iterator[str]:
    with (ROOT / "script/babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]  # Babel's
    for room in ("domain", "handlers"):
        for _, _, text, _, _ in extract_from_dir(ROOT / room, methods, options):
            assert isinstance(text, str)
            yield text


class TestCatalogues:
    """After a failure, run script/translate."""

    @pytest.mark.parametrize("locale", ["en", "tr"])
    def test_have_every_text_of_the_code_and_no_other(self, locale: str) -> None:
        assert {message.id for message in source(locale) if message.id} == set(texts_in_code())

    def test_the_turkish_one_is_complete(self) -> None:
        assert [message.id for message in source("tr") if not message.string] == []

    @pytest.mark.parametrize("locale", ["en", "tr"])
    def test_have_the_placeholders_of_the_texts(self, locale: str) -> None:
        assert list(source(locale).check()) == []

    @pytest.mark.parametrize("locale", ["en", "tr"])
    def test_are_compiled_from_the_current_sources(self, locale: str) -> None:
        compiled = Translations.load(LOCALE_FOLDER, [locale])

        for message in source(locale):
            if message.id:
                assert compiled.gettext(str(message.id)) == (message.string or message.id)


class TestTranslate:
    def test_translates_into_turkish(self) -> None:
        assert translate("Not found.", "tr-tr") == "Bulunamadı."

    @pytest.mark.parametrize("code", CancellationCode)
    def test_translates_every_cancellation_code_into_turkish(self, code: CancellationCode) -> None:
        assert translate(code.sentence, "tr-tr") != code.sentence

    def test_does_not_fill_placeholders(self) -> None:
        turkish = translate("Must be at most %(limit)s.", "tr-tr")

        assert turkish % {"limit": 100} == "En çok 100 olmalı."

    @pytest.mark.parametrize("language", ["en-us", "tr-tr"])
    def test_returns_an_unknown_text_unchanged(self, language: str) -> None:
        assert translate("No such text.", language) == "No such text."


class TestChooseLanguage:
    @pytest.mark.parametrize(
        ("header", "language"),
        [
            ("tr", "tr-tr"),
            ("tr-TR", "tr-tr"),
            ("TR-tr,en;q=0.5", "tr-tr"),
            ("en-GB", "en-us"),
            ("de, tr;q=0.4, en;q=0.8", "en-us"),
            ("tr, en-us;q=0.9", "tr-tr"),
            ("tr;q=0, en", "en-us"),
        ],
    )
    def test_takes_the_best_available_one(self, header: str, language: str) -> None:
        assert choose_language(header, "tr-tr" if language == "en-us" else "en-us") == language

    @pytest.mark.parametrize(
        "header", ["", "*", "de", "tr;q=0", ";;;", "tr_TR_", "-", "\xff", "tr;q=x"]
    )
    def test_falls_back_to_the_default(self, header: str) -> None:
        assert choose_language(header, "en-us") == "en-us"


class TestLabel:
    @pytest.mark.parametrize(
        ("kind", "value", "english", "turkish"),
        [
            ("order_status", "100", "Cancelled", "İptal edildi"),
            ("order_status", "200", "Waiting", "Bekliyor"),
            ("cancellation_status", "open", "Open", "Açık"),
            ("currency", "try", "TL", "TL"),
            ("currency", "eur", "EUR", "EUR"),
            ("payment_type", "something new", "something new", "something new"),
        ],
    )
    def test_names_a_value(self, kind: str, value: str, english: str, turkish: str) -> None:
        assert label(kind, value, "en-us") == english
        assert label(kind, value, "tr-tr") == turkish

    def test_has_one_for_every_storefront_code(self) -> None:
        assert {state.storefront_code for state in OrderState} == set(LABELS["order_status"])
