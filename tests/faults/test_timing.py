"""Times that tell are told apart, and times that don't are not."""

from random import Random

import pytest

from faults.timing import allowed, auc


@pytest.mark.parametrize(("later", "area"), [(0, 0.375), (100, 1), (-100, 0), (1, 0.625)], ids=str)
def test_the_area_is_how_often_one_is_later(later: int, area: float) -> None:
    times = [1.0, 2.0, 3.0, 4.0]

    assert auc([each + later for each in times], [each + 0.5 for each in times]) == area


def test_a_third_of_the_spread_is_noticed() -> None:
    dice = Random(0)
    known = [dice.gauss(1.3, 1) for _ in range(600)]
    unknown = [dice.gauss(1.0, 1) for _ in range(600)]

    assert auc(known, unknown) - 0.5 > allowed(600)


def test_few_guesses_are_given_the_room_of_chance() -> None:
    assert allowed(600) == 0.05
    assert 0.1 < allowed(60) < 0.25
