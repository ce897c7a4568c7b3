"""The numbered error codes of cancellation requests.

``cancellation_request_100_8`` is the storefront document's (Create User Order Cancellation
Request), the other numbers are ours. A number never changes its meaning.
"""

from enum import StrEnum

from domain.shared.errors import Conflict, InvalidInput, RuleBroken


class CancellationCode(StrEnum):
    """A code and its English message."""

    UNKNOWN_ORDER_ITEM = "cancellation_request_100_1", "Order item not found."
    UNKNOWN_REASON = "cancellation_request_100_2", "Cancellation reason not found."
    UNSUITABLE_REASON = (
        "cancellation_request_100_3",
        "This reason can not be given for this type of cancellation.",
    )
    DESCRIPTION_REQUIRED = (
        "cancellation_request_100_4",
        "A description is required for this reason.",
    )
    TOO_MANY_UNITS = (
        "cancellation_request_100_5",
        "Quantity can not be greater than order item quantity.",
    )
    NOT_CANCELLABLE = "cancellation_request_100_6", "This order item can not be cancelled."
    NOT_REFUNDABLE = "cancellation_request_100_7", "This order item can not be returned."
    PICKUP_ADDRESS_REQUIRED = "cancellation_request_100_8", "Pickup address is required."
    UNKNOWN_SHIPPING_COMPANY = "cancellation_request_100_9", "Shipping company not found."
    UNKNOWN_PICKUP_ADDRESS = "cancellation_request_100_10", "Pickup address not found."
    UNSUITABLE_PICKUP_DATE = (
        "cancellation_request_100_11",
        "The pickup date must be a day to come, within %(days)s days.",
    )
    UNSUITABLE_PICKUP_HOURS = (
        "cancellation_request_100_12",
        "The pickup hours must begin before they end.",
    )
    IBAN_REQUIRED = "cancellation_request_100_13", "An IBAN is required for this refund."
    INVALID_IBAN = "cancellation_request_100_14", "Enter a valid IBAN."
    HOLDER_NAME_REQUIRED = (
        "cancellation_request_100_15",
        "The name of the account holder is required for this refund.",
    )
    ITEM_GIVEN_TWICE = "cancellation_request_100_16", "This order item is in the list already."
    ANOTHER_CAME_FIRST = (
        "cancellation_request_100_17",
        "Another request for this order item came first.",
    )
    SHIPPING_COMPANY_REQUIRED = (
        "cancellation_request_100_18",
        "A pickup needs a shipping company.",
    )

    sentence: str

    def __new__(cls, code: str, sentence: str) -> "CancellationCode":
        member = str.__new__(cls, code)
        member._value_ = code
        member.sentence = sentence
        return member

    def invalid(self, **params: object) -> InvalidInput:
        """Return the error of a field."""
        return InvalidInput(self.sentence, code=self.value, params=params)

    def broken(self) -> RuleBroken:
        """Return the error of the whole request."""
        return RuleBroken(self.sentence, code=self.value)

    def conflict(self) -> Conflict:
        """Return the error of the later of two requests."""
        return Conflict(self.sentence, code=self.value)
