"""One run of the engine behind Schemathesis's command line, in this process."""

from collections import Counter
from dataclasses import dataclass, field

from schemathesis import BaseSchema
from schemathesis.core.failures import Failure
from schemathesis.engine import Status, events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder
from schemathesis.engine.run import PhaseName


@dataclass
class Run:
    """What happened: how each phase ended, the number of cases that fuzzing sent to each operation
    ("GET /healthz"), and what failed, by the name of the check."""

    phases: dict[str, Status] = field(default_factory=dict)
    fuzzed: Counter[str] = field(default_factory=Counter)
    failures: dict[str, list[str]] = field(default_factory=dict)

    def __str__(self) -> str:
        return "\n\n".join(
            f"{check}: {told}" for check, failures in self.failures.items() for told in failures
        )

    def take(self, event: events.EngineEvent) -> None:
        """Add what ``event`` tells."""
        match event:
            case events.PhaseFinished():
                self.phases[event.phase.name.value] = event.status
            case events.ScenarioFinished():
                if event.phase is PhaseName.FUZZING:
                    # What has a parent was sent by a check.
                    sent = [case for case in event.recorder.cases.values() if not case.parent_id]
                    self.fuzzed[event.recorder.label] += len(sent)
                self._take_failures(event.recorder)
            case events.NonFatalError():
                self._fail("error", f"{event.label}: {event.info.message}")
            case events.EngineFinished():
                for failure in event.failures:
                    self._fail("after_run", _sentence(failure))

    def _take_failures(self, recorder: ScenarioRecorder) -> None:
        for nodes in recorder.checks.values():
            for node in nodes:
                if node.failure_info is not None:
                    info = node.failure_info
                    self._fail(node.name, f"{_sentence(info.failure)}\n{info.code_sample}")

    def _fail(self, check: str, told: str) -> None:
        self.failures.setdefault(check, []).append(told)


def run(schema: BaseSchema) -> Run:
    """All phases, over all operations of ``schema``."""
    told = Run()
    for event in from_schema(schema).execute():
        told.take(event)
    return told


def _sentence(failure: Failure) -> str:
    return f"{failure.operation}: {failure.title}: {failure.message}"
