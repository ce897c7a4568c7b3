"""The published contract, compiled once for tests of its operations."""

from functools import cache

from handlers.app import rules_of
from handlers.contract.document.bundle import Contract, load_contract
from handlers.contract.operations.operations import Compiler, Operation
from handlers.contract.operations.violations import Violations
from handlers.settings import Settings

SETTINGS = Settings(secret="s" * 32)


@cache
def compiled_contract() -> Contract:
    return load_contract()


@cache
def compiled_operations() -> dict[str, Operation]:
    """Its operations by operationId."""
    contract = compiled_contract()
    compiler = Compiler(contract, Violations(), rules_of(SETTINGS, contract))
    return {operation.operation_id: operation for operation in compiler.operations()}
