import pytest

from domain.shared.filters import Operator, parse_filter


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("number", ("number", Operator.EXACT)),
        ("number__contains", ("number", Operator.CONTAINS)),
        ("order__number", ("order__number", Operator.EXACT)),
        ("order__number__icontains", ("order__number", Operator.ICONTAINS)),
        ("created_at__date", ("created_at", Operator.DATE)),
        ("date", ("date", Operator.EXACT)),
        ("__gte", ("__gte", Operator.EXACT)),
    ],
)
def test_a_parameters_name_is_a_path_and_an_operator(
    name: str, expected: tuple[str, Operator]
) -> None:
    assert parse_filter(name) == expected
