import gc

from handlers.metrics.cells import Cells
from handlers.metrics.garbage import GarbageMetrics


def test_collections_of_this_process_are_added() -> None:
    cells = Cells()
    metrics = GarbageMetrics(cells)
    gc.collect()

    metrics.update()

    found = {metric.name: metric.samples for metric in metrics.collect(cells.totals([]))}
    assert found.keys() == {
        "python_gc_objects_collected",
        "python_gc_objects_uncollectable",
        "python_gc_collections",
    }
    oldest = found["python_gc_collections"][-1]
    assert oldest.labels == {"generation": "2"}
    assert oldest.value >= 1
