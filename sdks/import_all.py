"""Imports a package with all its modules: python import_all.py PACKAGE."""

import importlib
import pkgutil
import sys

sys.path.insert(0, "")
package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(getattr(package, "__path__", ()), f"{package.__name__}."):
    importlib.import_module(module.name)
