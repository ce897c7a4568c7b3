"""HTTP clients that connexion imports and a server never uses, imported when something does.

They are `requests` for documents at a URL, `httpx` for tokens that another server judges, and
Starlette's test client: a seventh of the time that a start takes, and 6 MB of each worker.
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
    """Stands for a module until the first of its names is asked for."""

    def __getattr__(self, name: str) -> Any:
        return getattr(importlib.import_module(self.__name__), name)


@contextmanager
def clients_deferred() -> Iterator[None]:
    """In the block, imports of these clients are put off; of those already imported, none is.

    After it everybody who imports them gets the modules themselves.
    """
    stand_ins: dict[str, ModuleType] = {name: _Deferred(name) for name in _CLIENTS}
    stand_ins[_TEST_CLIENT] = ModuleType(_TEST_CLIENT)
    # It is imported by this name, which would be its first use.
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
