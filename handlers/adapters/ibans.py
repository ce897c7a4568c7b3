"""IBANs, checked by the `python-stdnum` library."""

from stdnum import iban
from stdnum.exceptions import ValidationError


def compact_iban(text: str) -> str | None:
    """The IBAN without separators, in capitals; None unless ISO 7064's check digits are right.

    Its length and characters are those of its country. A country's own check digits inside of it
    are the bank's business.
    """
    try:
        compact: str = iban.validate(text, check_country=False)
    except ValidationError:
        return None
    return compact
