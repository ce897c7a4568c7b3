"""`script/bench`."""

from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.postgres import postgres
from benchmarks.stage import prove, set_stage


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=480)
    parser.add_argument("--supply", type=int, default=300)
    options = parser.parse_args()
    with TemporaryDirectory(prefix="waybill-bench-") as name, postgres(Path(name)) as server:
        stage = set_stage(server, Path(name), options.orders, options.supply)
        try:
            print(prove(stage))
        finally:
            import shutil

            for log in Path(name).glob("*.log"):
                shutil.copy(log, "/tmp/benchwork/")


if __name__ == "__main__":
    main()
