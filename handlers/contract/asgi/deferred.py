"""Defers the import of HTTP clients that connexion imports and a server does not use.

They are `requests` for documents at a URL, `httpx` for tokens that another server checks, and
Starlette's test client: a seventh of the start time, and 6 MB per worker.
"""

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

_CLIENTS = ("httpx", "requests")
_TEST_CLIENT = "starlette.testclient"


class _Deferred(ModuleType):
    """Stands in for a module, and imports it when one of its names is used."""

    def __getattr__(self, name: str) -> Any:
        return getattr(importlib.import_module(self.__name__), name)


@contextmanager
def clients_deferred() -> Iterator[None]:
    """Defer imports of these clients in the block, unless they are imported already.

    After the block, imports get the modules themselves.
    """
    stand_ins: dict[str, ModuleType] = {name: _Deferred(name) for name in _CLIENTS}
    stand_ins[_TEST_CLIENT] = ModuleType(_TEST_CLIENT)
    # connexion imports this name, which would count as the first use.
    vars(stand_ins[_TEST_CLIENT])["TestClient"] = _test_client
    added = {name: module for name, module in stand_ins.items() if name not in sys.modules}
    sys.modules.update(added)
    try:
        yield
    finally:
        for name in added:
            del sys.modules[name]


def _test_client(*arguments: Any, **options: Any) -> Any:
    make: Callable[..., Any] = importlib.import_module(_TEST_CLIENT).TestClient
    return make(*arguments, **options)
