"""A thread that updates the gauges of its process once a second, for scrapes of other processes."""

from collections.abc import Callable
from threading import Event, Thread

INTERVAL_SECONDS = 1.0


def start_sampler(sample: Callable[[], None]) -> Callable[[], None]:
    """Call ``sample`` every second; return the function that ends this."""
    ending = Event()

    def run() -> None:
        while not ending.wait(INTERVAL_SECONDS):
            sample()

    def end() -> None:
        ending.set()
        thread.join()

    thread = Thread(target=run, name="metrics-sampler", daemon=True)
    thread.start()
    return end
