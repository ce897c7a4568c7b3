"""The contract's description of every error code, for the page that lists them."""

from dataclasses import dataclass

from handlers.contract.document.contract import Contract


@dataclass(frozen=True)
class ErrorCodeEntry:
    """One code, with the status of its responses; ``description`` has code between backticks."""

    code: str
    status: int
    description: str


def error_code_entries(contract: Contract) -> list[ErrorCodeEntry]:
    """Every code of the component ErrorCode, in its order."""
    schema = contract.document["components"]["schemas"]["ErrorCode"]
    columns = ("enum", "x-enum-statuses", "x-enum-descriptions")
    return [
        ErrorCodeEntry(*values)
        for values in zip(*(schema[column] for column in columns), strict=True)
    ]
