"""What migrations declare, and that an expanding one only expands."""

import pytest

from persistence.migrations.effects import effects_of
from persistence.migrations.releases import HEADS, release_of
from persistence.migrations.steps import FIRST_DECLARED, Step, all_steps, statements_of
from tests.support.releases import CONCURRENT, CONTRACTING, EXPANDING, FAILING, NextRelease

DECLARED = [step for step in all_steps() if step.revision >= FIRST_DECLARED]


def faults(step: Step, earlier: Step | None) -> list[str]:
    """What is wrong with the declarations of a migration."""
    if step.compatible_from is None:
        return ["does not declare compatible_from"]
    result = []
    if not ((earlier and earlier.compatible_from) or "") <= step.compatible_from <= step.revision:
        result.append("is compatible with code that an earlier migration excludes, or later code")
    statements = statements_of(step)
    outside = [text for text in statements if " CONCURRENTLY " in text or " VALIDATE " in text]
    if bool(outside) != step.is_concurrent or len(outside) != len(statements) * step.is_concurrent:
        result.append("has to have its statements outside of a transaction, and no others, apart")
    if step.is_concurrent and not step.is_expanding:
        result.append("can't contract outside of a transaction")
    if step.is_expanding:
        effects = effects_of(statements)
        result += [f"does not expand: {effect}" for effect in effects if not effect.is_expanding]
    return result


@pytest.mark.parametrize("step", DECLARED, ids=lambda step: step.revision)
def test_each_declares_the_code_that_works_with_it(step: Step) -> None:
    by_revision = {known.revision: known for known in all_steps()}

    assert faults(step, by_revision.get(step.previous or "")) == []


@pytest.mark.parametrize("step", DECLARED, ids=lambda step: step.revision)
def test_none_excludes_the_previous_release(step: Step) -> None:
    """Except for 0.1.0, whose servers have to be stopped."""
    before = [head for head in HEADS.values() if FIRST_DECLARED <= head < step.revision]

    assert not before or (step.compatible_from or "") <= before[-1]


@pytest.mark.parametrize(
    ("upgrade", "options", "fault"),
    [
        (EXPANDING, {}, None),
        (CONTRACTING, {"is_contracting": True}, None),
        (CONCURRENT, {"is_concurrent": True}, None),
        (CONTRACTING, {}, "does not expand"),
        (FAILING, {}, "does not expand"),
        (CONCURRENT, {}, "outside of a transaction"),
        (EXPANDING, {"is_concurrent": True}, "outside of a transaction"),
        (CONCURRENT, {"is_concurrent": True, "is_contracting": True}, "can't contract"),
    ],
)
def test_invalid_declarations_are_found(
    next_release: NextRelease, upgrade: str, options: dict[str, bool], fault: str | None
) -> None:
    next_release.add_step(upgrade, **options)
    with next_release.code():
        *_, earlier, added = all_steps()
        found = faults(added, earlier)

    assert [text for text in found if fault is None or fault not in text] == []
    assert bool(found) is (fault is not None)


def test_revisions_of_releases_exist() -> None:
    revisions = [step.revision for step in all_steps()]

    assert set(HEADS.values()) <= set(revisions)
    assert sorted(HEADS.values()) == list(HEADS.values())
    assert release_of(revisions[0]) == "0.1.0"
    assert release_of("9999") is None
