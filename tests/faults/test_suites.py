"""What pytest reports is understood: only what passed counts, and what did not is told."""

import pytest

from faults import suites
from faults.environment import Environment
from faults.scale import FULL
from faults.suites import Told
from tests.edge.test_bad_requests import GROUPS

REPORT = """<testsuites><testsuite>
<testcase name="test_are_refused_without_echo_and_without_effect[wire]"/>
<testcase name="test_holds"><system-out>INFO schemathesis sent 120 cases
INFO schemathesis sent 30 cases</system-out></testcase>
<testcase name="test_fails"><failure message="assert 500 == 404"/>
<system-out>INFO schemathesis sent 9000 cases</system-out></testcase>
<testcase name="test_is_left_out"><skipped message="not today"/></testcase>
</testsuite></testsuites>"""


@pytest.fixture(autouse=True)
def told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suites, "_run", lambda *_: Told.read(REPORT))


def test_inputs_of_groups_that_passed_are_counted(environment: Environment) -> None:
    finding = suites.bad_requests(environment, FULL)

    assert finding.amount == len(GROUPS["wire"])


def test_cases_of_runs_that_passed_are_counted(environment: Environment) -> None:
    finding = suites.contract(environment, FULL)

    assert (finding.amount, finding.figures) == (150, {"runs": 2})
    assert not finding.is_passed


def test_what_failed_and_what_was_left_out_is_told(environment: Environment) -> None:
    finding = suites.contract(environment, FULL)

    assert finding.failures == ("test_fails: assert 500 == 404", "test_is_left_out: not today")
