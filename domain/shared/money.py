"""Money: integer minor units in code, decimal strings in documents, never floats."""

import re
from collections.abc import Sequence
from enum import StrEnum

from domain.shared.errors import InvalidInput

MAX_MAJOR_DIGITS = 12
RATE_DECIMALS = 2

_DECIMAL = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?")


class Currency(StrEnum):
    """The seller center's 21 currencies, JOD of the old orders' filter, and BRL of Olist."""

    TRY = "try"
    USD = "usd"
    EUR = "eur"
    EGP = "egp"
    GBP = "gbp"
    MAD = "mad"
    PLN = "pln"
    SAR = "sar"
    RON = "ron"
    UAH = "uah"
    CZK = "czk"
    HUF = "huf"
    RUB = "rub"
    BGN = "bgn"
    IQD = "iqd"
    KWD = "kwd"
    BHD = "bhd"
    OMR = "omr"
    QAR = "qar"
    AED = "aed"
    NGN = "ngn"
    JOD = "jod"
    BRL = "brl"

    @property
    def exponent(self) -> int:
        """How many decimals the currency has (ISO 4217)."""
        return 3 if self in _THREE_DECIMALS else 2


_THREE_DECIMALS = frozenset({Currency.IQD, Currency.KWD, Currency.BHD, Currency.OMR, Currency.JOD})


class InvalidAmount(InvalidInput):
    """A text that is not an amount of its currency."""

    message = "A valid number is required."
    code = "invalid_amount"


def format_amount(minor_units: int, currency: Currency) -> str:
    """Return the decimal string: 1099 of TRY is ``"10.99"``, of KWD ``"1.099"``."""
    return _format(minor_units, currency.exponent)


def parse_amount(text: str, currency: Currency, *, signed: bool = False) -> int:
    """Return the minor units of a decimal string.

    It may have fewer decimals than the currency; nothing is rounded. Raises InvalidAmount for
    anything but ASCII digits with an optional point (and, if ``signed``, a leading minus), for too
    many decimals, and for more than 12 digits before the point.
    """
    return _parse(text, currency.exponent, signed=signed)


def format_rate(hundredths: int) -> str:
    """Return a percentage that is stored in hundredths of a percent: 1800 is ``"18.00"``."""
    return _format(hundredths, RATE_DECIMALS)


def parse_rate(text: str) -> int:
    """Return the hundredths of a percent of a decimal string.

    Raises InvalidAmount as ``parse_amount`` does.
    """
    return _parse(text, RATE_DECIMALS, signed=False)


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Divide ``total`` in proportion to ``weights``; the parts add up to it exactly.

    Largest remainder method: every part is rounded down, and the remaining units go to the largest
    remainders, ties to the earlier part. No part is more than one unit from its exact share.
    Raises ValueError for a negative total or weight, and for a positive total without a positive
    weight.
    """
    if total < 0 or min(weights, default=0) < 0:
        raise ValueError("neither the total nor a weight may be negative")
    if total == 0:
        return [0] * len(weights)
    whole = sum(weights)
    if whole == 0:
        raise ValueError("there is nothing to share the total among")
    parts = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: -(total * weights[i] % whole))
    for index in by_remainder[: total - sum(parts)]:
        parts[index] += 1
    return parts


def _format(units: int, decimals: int) -> str:
    major, minor = divmod(abs(units), 10**decimals)
    sign = "-" if units < 0 else ""
    return f"{sign}{major}.{minor:0{decimals}}"


def _parse(text: str, decimals: int, *, signed: bool) -> int:
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise InvalidAmount
    sign, major, minor = match[1], match[2], match[3] or ""
    if sign and not signed:
        raise InvalidAmount("This number may not be negative.", code="negative_amount")
    if len(minor) > decimals:
        raise InvalidAmount(
            "Ensure that there are no more than %(decimals)s decimal places.",
            code="too_many_decimals",
            params={"decimals": decimals},
        )
    if len(major) > MAX_MAJOR_DIGITS:
        raise InvalidAmount(
            "Ensure that there are no more than %(digits)s digits before the decimal point.",
            code="too_many_digits",
            params={"digits": MAX_MAJOR_DIGITS},
        )
    units = int(major + minor.ljust(decimals, "0"))
    return -units if sign else units
