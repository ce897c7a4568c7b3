"""Medians, ratios and verdicts."""

import pytest

from benchmarks.load import Load
from benchmarks.report import markdown
from benchmarks.results import Measurement, Run, Spread
from benchmarks.servers import FASTAPI, WAYBILL, WITHOUT_VALIDATION
from benchmarks.targets import AT_LEAST, MEMORY, VALIDATION, ratio, validation, verdicts
from benchmarks.workloads import COLD_LIST, CREATE, LIST


def make_run(waybill: int, fastapi: int) -> Run:
    """Three turns of one second: the given number of responses, fewer, and more."""
    run = Run(memory={WAYBILL.name: 10**8}, starts={WAYBILL.name: [2.0, 1.5, 1.0]})
    for server, requests in ((WAYBILL, waybill), (FASTAPI, fastapi)):
        for count in (requests, requests - requests // 10, requests * 2):
            load = Load(count, 1.0, 0, 80_000 * count, 1.0, 2.0)
            run.add(server.name, LIST, Measurement(load, server_cpu=0.5, database_cpu=0.25))
    return run


def test_a_ratio_is_taken_turn_by_turn() -> None:
    run = Run()
    for own, theirs in ((100, 10), (300, 20), (200, 10)):  # a slow turn is slow for both
        for server, count in ((WAYBILL, own), (FASTAPI, theirs)):
            run.add(server.name, LIST, Measurement(Load(count, 1.0, 0, 0, 1.0, 2.0)))

    assert ratio(run, LIST, FASTAPI.name) == Spread(median=15, low=12.5, high=17.5)


def test_there_is_no_ratio_to_what_was_not_measured() -> None:
    assert ratio(Run(), LIST, FASTAPI.name) is None


def test_one_turn_is_its_own_spread() -> None:
    assert Spread.of([3.0]) == Spread(3, 3, 3)


def test_validation_is_a_share_of_the_cpu() -> None:
    run = Run()
    for server, cpu in ((WAYBILL, 1.0), (WITHOUT_VALIDATION, 0.98)):
        run.add(server.name, LIST, Measurement(Load(10, 1.0, 0, 0, 1.0, 2.0), server_cpu=cpu))

    assert validation(run)[VALIDATION].median == pytest.approx(0.02)


def test_a_target_is_reached_missed_or_not_measured() -> None:
    verdicts_by_name = {
        verdict.name: verdict
        for verdict in verdicts(make_run(150, 10), {MEMORY: Spread.of([100.0])})
    }

    assert verdicts_by_name[MEMORY].is_reached is True
    assert verdicts_by_name[f"{LIST}, to {FASTAPI.name}"].figure == Spread(15, 15, 15)
    assert verdicts_by_name[f"{LIST}, to {FASTAPI.name}"].is_reached is False
    assert verdicts_by_name["list page, 2 workers to 1"].is_reached is None
    assert len(verdicts_by_name) > len(AT_LEAST)


def test_cpu_and_time_have_targets_by_workload() -> None:
    run = Run()
    for milliseconds in (4.0, 16.0, 20.0):
        load = Load(10, 1.0, 0, 0, milliseconds, 2.0)
        for workload in (CREATE, COLD_LIST):
            run.add(WAYBILL.name, workload, Measurement(load, server_cpu=milliseconds / 1e2))

    verdicts_by_name = {verdict.name: verdict for verdict in verdicts(run, {})}

    cpu, time = (
        verdicts_by_name[f"{CREATE}, ms of server CPU"],
        verdicts_by_name[f"{COLD_LIST}, ms"],
    )
    assert (cpu.target, cpu.figure, cpu.is_reached) == ("≤ 5", Spread(16, 10, 18), False)
    assert (time.target, time.figure, time.is_reached) == ("≤ 15", Spread(16, 10, 18), False)
    assert f"| {COLD_LIST}, ms | ≤ 15 | 16 (10 to 18) | **missed** |" in markdown(run, {})


def test_the_table_shows_every_server_and_target() -> None:
    table = markdown(make_run(300, 10), {MEMORY: Spread.of([100.0])})

    row = "| list page | Waybill | 300 |  | 1 | 2 | 0 | 80.0 | 1.67 | 0.83 |"
    assert row in table.splitlines()
    assert "| list page, to FastAPI | ≥ 25 | 30 | reached |" in table
    assert "| Waybill | 100 | 1.50 |" in table
