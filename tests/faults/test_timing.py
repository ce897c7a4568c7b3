"""Different distributions of times are detected, equal ones are not."""

from random import Random

import pytest

from faults.timing import allowed, auc


@pytest.mark.parametrize(
    ("later", "expected"), [(0, 0.375), (100, 1), (-100, 0), (1, 0.625)], ids=str
)
def test_the_auc_is_how_often_one_is_later(later: int, expected: float) -> None:
    times = [1.0, 2.0, 3.0, 4.0]

    assert auc([time + later for time in times], [time + 0.5 for time in times]) == expected


def test_a_third_of_the_deviation_is_detected() -> None:
    rng = Random(0)
    known = [rng.gauss(1.3, 1) for _ in range(600)]
    unknown = [rng.gauss(1.0, 1) for _ in range(600)]

    assert auc(known, unknown) - 0.5 > allowed(600)


def test_few_guesses_may_deviate_more() -> None:
    assert allowed(600) == 0.05
    assert 0.1 < allowed(60) < 0.25
