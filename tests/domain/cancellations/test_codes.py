from domain.cancellations.codes import CancellationCode


def test_the_codes_are_numbered_without_a_gap() -> None:
    numbered = [f"cancellation_request_100_{index}" for index, _ in enumerate(CancellationCode, 1)]

    assert [code.value for code in CancellationCode] == numbered


def test_a_member_is_its_code() -> None:
    assert CancellationCode.PICKUP_ADDRESS_REQUIRED.value == "cancellation_request_100_8"
    assert f"{CancellationCode.ANOTHER_CAME_FIRST}" == "cancellation_request_100_17"


def test_a_member_has_its_message() -> None:
    refusal = CancellationCode.UNSUITABLE_PICKUP_DATE.invalid(days=30)

    assert refusal.message % refusal.params == (
        "The pickup date must be a day to come, within 30 days."
    )
