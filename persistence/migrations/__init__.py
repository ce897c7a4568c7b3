"""The migrations from the tables of any earlier release to those of this one."""

from persistence.migrations.compatibility import (
    SchemaState,
    head,
    require_compatible,
    stamp,
    state_of,
)
from persistence.migrations.running import upgrade

__all__ = ["SchemaState", "head", "require_compatible", "stamp", "state_of", "upgrade"]
