"""Who may import whom."""

import sys

import grimp
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports


def test_each_room_imports_only_the_rooms_it_may() -> None:
    assert lint_imports(no_cache=True) == EXIT_STATUS_SUCCESS


def test_the_domain_imports_nothing_but_the_standard_library() -> None:
    graph = grimp.build_graph("domain", include_external_packages=True, cache_dir=None)

    foreign = {module.partition(".")[0] for module in graph.modules} - {"domain"}

    assert foreign <= sys.stdlib_module_names
