"""The published contract, compiled once for the tests that ask it about its operations."""

from functools import cache

from handlers.contract.bundle import Contract, load_contract
from handlers.contract.operations import Compiler, Operation
from handlers.contract.violations import ResponseValidation, Violations


@cache
def compiled_contract() -> Contract:
    return load_contract()


@cache
def compiled_operations() -> dict[str, Operation]:
    """Its operations by operationId."""
    compiler = Compiler(compiled_contract(), Violations(ResponseValidation.ENFORCE))
    return {each.operation_id: each for each in compiler.operations()}
