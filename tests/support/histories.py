"""Settings of state machines, which try random histories."""

from hypothesis import HealthCheck, Phase, settings

from tests.support.scale import HISTORIES


def histories_of(steps: int) -> settings:
    """Return the settings for histories of up to ``steps`` steps."""
    return settings(
        max_examples=HISTORIES,
        stateful_step_count=steps,
        deadline=None,
        # Shrinking a failing history takes minutes; one of so few steps can be read.
        phases=[Phase.generate],
        # In CI, Hypothesis would try the same histories in every run.
        derandomize=False,
        suppress_health_check=list(HealthCheck),
    )
