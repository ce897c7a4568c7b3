"""IBANs, checked by the `python-stdnum` library."""

from stdnum import iban
from stdnum.exceptions import ValidationError


def compact_iban(text: str) -> str | None:
    """The IBAN without separators, in upper case; None if it is invalid.

    Checks the ISO 7064 check digits, and length and characters by country. National check digits
    inside the IBAN are not checked.
    """
    try:
        compact: str = iban.validate(text, check_country=False)
    except ValidationError:
        return None
    return compact
