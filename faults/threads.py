"""Threads that work during a block of a check."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Thread


@contextmanager
def running(functions: Iterable[Callable[[], object]], end: Callable[[], object]) -> Iterator[None]:
    """Run each function in a thread during the block, then call ``end`` and wait for all.

    ``end`` has to make the functions return.
    """
    threads = [Thread(target=function) for function in functions]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        end()
        for thread in threads:
            thread.join()
