"""Decides on cancellation requests as `waybill requests` does, many in one process.

A child of `benchmarks.decisions`, in Waybill's own environment. A line of the standard input is a
decision and the request's pk; the reply is a line with the elapsed and the CPU milliseconds. One
process for all, since the start of a command costs a hundred times as much as a decision.
"""

import sys
from functools import partial
from time import perf_counter, process_time

from domain.cancellations.decisions import approve_request, complete_request
from handlers.cli.database import command_database

_DECISIONS = {"approve": approve_request, "complete": complete_request}


def main() -> None:
    """Process all lines."""
    with command_database() as (_, database):
        for line in sys.stdin:
            decision, pk = line.split()
            decide = partial(_DECISIONS[decision], int(pk), "operator:bench")
            started, used = perf_counter(), process_time()
            database.write(decide)
            took = perf_counter() - started, process_time() - used
            print(*(f"{seconds * 1e3:.3f}" for seconds in took), flush=True)


if __name__ == "__main__":
    main()
