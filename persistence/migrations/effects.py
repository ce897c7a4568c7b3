"""What the statements of a migration do to servers that work with the tables meanwhile.

The statements are those that Alembic writes for PostgreSQL. Locks are those of its manual, chapters
"Explicit Locking" and "ALTER TABLE".
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Effect:
    """What one statement does to one table.

    ``table``: None for a statement of an unknown kind. ``is_expanding``: code that does not know
    the change still works, and waits only for a moment.
    """

    table: str | None
    description: str
    is_expanding: bool


_IS_CREATED = "is created"
_NAME = r'"?(?P<table>\w+)"?'
_ALTER = rf"ALTER TABLE {_NAME} "
_NOT_MORE = r"(?!.*\b(UNIQUE|PRIMARY KEY|REFERENCES|CHECK|GENERATED|SERIAL)\b)"
_NOT_COMPUTED = r"(?!.*\bDEFAULT \w+ ?\()"
_NOT_REQUIRED = r"(?!(?!.*\bDEFAULT\b).*\bNOT NULL\b)"
_EXPANDING: Sequence[tuple[str, str]] = (
    (rf"CREATE TABLE {_NAME}", _IS_CREATED),
    # A default that is computed rewrites all rows; old code can't write NOT NULL without a default.
    (
        rf"{_ALTER}ADD COLUMN {_NOT_MORE}{_NOT_COMPUTED}{_NOT_REQUIRED}",
        "gets a column; a short lock",
    ),
    (rf"{_ALTER}ALTER COLUMN \S+ SET DEFAULT", "gets a default for a column; a short lock"),
    (
        rf"{_ALTER}ADD CONSTRAINT \S+ (CHECK|FOREIGN KEY).* NOT VALID$",
        "gets a constraint for new rows; a short lock",
    ),
    (rf"{_ALTER}DROP CONSTRAINT (IF EXISTS )?\"?ck_", "loses a check; a short lock"),
    (rf"{_ALTER}VALIDATE CONSTRAINT", "is read, to validate a constraint"),
    (
        rf"CREATE INDEX CONCURRENTLY (IF NOT EXISTS )?\S+ ON {_NAME}",
        "gets an index, while it is read and written",
    ),
    (rf"{_ALTER}SET \(", "gets other storage parameters"),
    (rf"INSERT INTO {_NAME}", "gets rows"),
    (rf"COMMENT ON (TABLE|COLUMN) {_NAME}", "gets a comment"),
)
_OTHER: Sequence[tuple[str, str]] = (
    (rf"{_ALTER}ADD COLUMN", "gets a column that old code can not write, or is rewritten; locked"),
    (rf"{_ALTER}ALTER COLUMN \S+ TYPE", "is rewritten; locked until it is"),
    (rf"{_ALTER}ALTER COLUMN \S+ SET NOT NULL", "is read to forbid NULL; locked until it is"),
    (rf"{_ALTER}ALTER COLUMN", "has a column changed; a short lock"),
    (rf"{_ALTER}ADD CONSTRAINT", "is read for a constraint; locked until it is"),
    (rf"{_ALTER}ADD (PRIMARY KEY|UNIQUE)", "gets a unique index; locked until it is built"),
    (rf"{_ALTER}(ATTACH|DETACH) PARTITION", "gets or loses a partition; a short lock"),
    (rf"{_ALTER}DROP COLUMN", "loses a column; a short lock"),
    (rf"{_ALTER}DROP CONSTRAINT", "loses a constraint; a short lock"),
    (rf"{_ALTER}RENAME", "is renamed, or has a column renamed; a short lock"),
    (
        rf"CREATE (UNIQUE )?INDEX .*\bON {_NAME}",
        "gets an index; not writable until then",
    ),
    (rf"DROP TABLE (IF EXISTS )?{_NAME}", "is dropped"),
    (rf"(UPDATE|DELETE FROM) {_NAME}", "has rows changed, which other writers wait for"),
)
_RULES = [
    (re.compile(pattern, re.IGNORECASE), description, is_expanding)
    for rules, is_expanding in ((_EXPANDING, True), (_OTHER, False))
    for pattern, description in rules
]
_INDEX = r"INDEX CONCURRENTLY (?:IF (?:NOT )?EXISTS )?(\S+)"


def effects_of(statements: Iterable[str]) -> Sequence[Effect]:
    """Return what the statements of one migration do, without repetition.

    Left out are changes of a table that the migration itself creates, since no other code uses it,
    and the removal of an index that is created again: an interrupted attempt may have left it
    invalid.
    """
    texts = [" ".join(statement.split()) for statement in statements]
    indexes = {match[1] for text in texts if (match := re.match(f"CREATE {_INDEX}", text))}
    created: set[str | None] = set()
    effects: dict[Effect, None] = {}
    for text in texts:
        dropped = re.match(f"DROP {_INDEX}", text)
        if dropped and dropped[1] in indexes:
            continue
        effect = _effect(text)
        if effect.table not in created:
            effects[effect] = None
        if effect.description == _IS_CREATED:
            created.add(effect.table)
    return list(effects)


def _effect(text: str) -> Effect:
    for pattern, description, is_expanding in _RULES:
        if match := pattern.match(text):
            return Effect(match["table"], description, is_expanding)
    return Effect(None, text, is_expanding=False)
