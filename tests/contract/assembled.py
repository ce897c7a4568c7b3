"""The contract with cancellations, look-ups and trade-ins, compiled once for the tests of these."""

import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from handlers.contract.bundle import DIRECTORY, ROOT, Contract, load_contract, read_file
from handlers.contract.judges import pointer_to
from handlers.contract.operations import Compiler, Operation
from handlers.contract.violations import ResponseValidation, Violations

RESOURCES = ("anonymous_orders", "cancellation_reasons", "cancellation_requests", "trade_ins")


@cache
def assembled_contract() -> Contract:
    """The contract with these resources, whether its root names them already or not."""
    with TemporaryDirectory() as folder:
        directory = Path(folder) / "openapi"
        shutil.copytree(DIRECTORY, directory)
        named = read_file(directory / ROOT)["paths"]
        lines = [
            f'  {path}: {{$ref: "{resource}.yaml#{pointer_to("paths", path)}"}}\n'
            for resource in RESOURCES
            for path in read_file(directory / f"{resource}.yaml")["paths"].keys() - named.keys()
        ]
        with (directory / ROOT).open("a", encoding="utf-8") as root:
            root.writelines(lines)
        return load_contract(directory)


@cache
def assembled_operations() -> dict[str, Operation]:
    """Its operations by operationId."""
    compiler = Compiler(assembled_contract(), Violations(ResponseValidation.ENFORCE))
    return {each.operation_id: each for each in compiler.operations()}
