"""Medians, ratios and verdicts."""

from benchmarks.bars import AT_LEAST, MEMORY, ratio, verdicts
from benchmarks.load import Load
from benchmarks.report import markdown
from benchmarks.rounds import Measured, Run
from benchmarks.servers import FASTAPI, WAYBILL
from benchmarks.workloads import LIST


def make_run(waybill: int, fastapi: int) -> Run:
    """Three rounds of one second each: the given number of answers, fewer, and more."""
    run = Run(memory={WAYBILL.name: 10**8}, starts={WAYBILL.name: [2.0, 1.5, 1.0]})
    for server, requests in ((WAYBILL, waybill), (FASTAPI, fastapi)):
        for count in (requests, requests - 1, requests * 2):
            load = Load(count, 1.0, 0, 80_000 * count, 1.0, 2.0)
            run.add(server.name, LIST, Measured(load, server_cpu=0.5, database_cpu=0.25))
    return run


def test_medians_make_the_ratio() -> None:
    run = make_run(300, 10)

    assert ratio(run, LIST, FASTAPI.name) == 30


def test_a_bar_is_reached_missed_or_was_not_measured() -> None:
    found = {each.name: each for each in verdicts(make_run(150, 10), {MEMORY: 100.0})}

    assert found[MEMORY].is_reached is True
    assert found[f"{LIST}, to {FASTAPI.name}"].figure == 15
    assert found[f"{LIST}, to {FASTAPI.name}"].is_reached is False
    assert found["list page, 2 workers to 1"].is_reached is None
    assert len(found) > len(AT_LEAST)


def test_the_table_shows_every_server_and_bar() -> None:
    table = markdown(make_run(300, 10), {MEMORY: 100.0})

    row = "| list page | Waybill | 300 |  | 1 | 2 | 0 | 80.0 | 1.67 | 0.83 |"
    assert row in table.splitlines()
    assert "| list page, to FastAPI | ≥ 20 | 30 | reached |" in table
    assert "| Waybill | 100 | 1.50 |" in table
