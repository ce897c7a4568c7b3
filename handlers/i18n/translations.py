"""The reader's language, and translations into it."""

from datetime import UTC, datetime
from functools import cache, lru_cache
from pathlib import Path

from babel import negotiate_locale
from babel.dates import format_datetime
from babel.support import NullTranslations, Translations
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from handlers.i18n.labels import LABELS

LOCALE_FOLDER = Path(__file__).with_name("locale")
_LANGUAGES = {"en": "en-us", "tr": "tr-tr"}


@lru_cache(maxsize=256)
def choose_language(accept_language: str, default: str) -> str:
    """The best available language for an Accept-Language header, else ``default``."""
    accepted = parse_accept_header(accept_language, LanguageAccept)
    preferred = [tag for tag, quality in accepted if quality > 0]
    locale = negotiate_locale(preferred, _LANGUAGES, sep="-")
    return _LANGUAGES[locale.lower()] if locale else default


def translate(message: str, language: str) -> str:
    """The message in ``language``, or unchanged if the catalogue lacks it. Placeholders stay."""
    return _catalogue(language).gettext(message)


def label(kind: str, value: str, language: str) -> str:
    """The label of ``value``; ``kind`` is the key of LABELS.

    A value that LABELS lacks is its own label; that of a currency is its ISO 4217 code.
    """
    name = LABELS[kind].get(value)
    if name is None:
        return value.upper() if kind == "currency" else value
    return translate(name, language)


def moment_text(moment: datetime, language: str) -> str:
    """Date and time in UTC, in the format of the language."""
    locale = language.partition("-")[0]
    return str(format_datetime(moment.astimezone(UTC), "d MMMM y HH:mm 'UTC'", locale=locale))


@cache
def _catalogue(language: str) -> NullTranslations:
    return Translations.load(LOCALE_FOLDER, [language.partition("-")[0]])
