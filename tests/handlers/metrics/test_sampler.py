from threading import Semaphore
from threading import enumerate as enumerate_threads

import pytest

from handlers.metrics import sampler
from handlers.metrics.sampler import start_sampler


def test_samples_repeatedly_until_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampler, "INTERVAL_SECONDS", 0.001)
    sampled, count = Semaphore(0), 0

    def sample() -> None:
        nonlocal count
        count += 1
        sampled.release()

    end = start_sampler(sample)
    for _ in range(3):
        assert sampled.acquire(timeout=30)
    end()

    assert count >= 3
    assert not any(thread.name == "metrics-sampler" for thread in enumerate_threads())
