"""A pytest plugin for `script/mutate`: few Hypothesis examples, the same in each run."""

import hypothesis
import pytest


@pytest.hookimpl(trylast=True)  # overrides the profile of conftest.py
def pytest_configure() -> None:
    hypothesis.settings.register_profile(
        "mutation",
        database=None,
        deadline=None,
        derandomize=True,
        max_examples=50,
        # Without shrinking, which takes longest: any counterexample will do.
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
    )
    hypothesis.settings.load_profile("mutation")
