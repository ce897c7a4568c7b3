"""A plugin of pytest for `script/mutate`: the same examples in each run, and only a few."""

import hypothesis
import pytest


@pytest.hookimpl(trylast=True)  # conftest.py, where it is loaded, has a profile of its own
def pytest_configure() -> None:
    hypothesis.settings.register_profile(
        "mutation",
        database=None,
        deadline=None,
        derandomize=True,
        max_examples=50,
        # To shrink a counterexample takes longer than all the rest; any will do.
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
    )
    hypothesis.settings.load_profile("mutation")
