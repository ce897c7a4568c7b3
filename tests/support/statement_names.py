"""Whether each statement has a name of its own."""

from collections import defaultdict
from collections.abc import Iterable

from persistence.sql.compiled_query import CompiledQuery


def ambiguous_names(queries: Iterable[CompiledQuery]) -> dict[str, set[str]]:
    """The names that several statements have, with their texts; statements of tests have none."""
    texts: dict[str, set[str]] = defaultdict(set)
    for query in queries:
        for dialect, compiled in query._compiled.items():  # noqa: SLF001 - not to compile any
            if query.name:
                texts[f"{query.name} on {dialect}"].add(compiled.sql)
    return {name: found for name, found in texts.items() if len(found) > 1}
