from argon2 import PasswordHasher

from handlers.auth.passwords import Argon2Passwords

PASSWORDS = Argon2Passwords()


def test_a_hash_is_argon2id_with_19_mib_and_two_passes() -> None:
    assert PASSWORDS.hash("correct horse").startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_only_its_own_password_verifies_a_hash() -> None:
    known = PASSWORDS.hash("correct horse")

    assert PASSWORDS.verify(known, "correct horse")
    assert not PASSWORDS.verify(known, "Correct horse")
    assert PASSWORDS.hash("correct horse") != known


def test_no_password_verifies_a_missing_hash() -> None:
    assert not PASSWORDS.verify(None, "correct horse")


def test_a_hash_with_other_parameters_is_outdated() -> None:
    weaker = PasswordHasher(memory_cost=1024, time_cost=1, parallelism=1).hash("correct horse")

    assert PASSWORDS.verify(weaker, "correct horse")
    assert PASSWORDS.needs_rehash(weaker)
    assert not PASSWORDS.needs_rehash(PASSWORDS.hash("correct horse"))


def test_a_missing_hash_needs_as_much_work_as_any_other() -> None:
    nobodys = PASSWORDS._decoy_hash  # noqa: SLF001
    known = PASSWORDS.hash("correct horse")

    assert not PASSWORDS.needs_rehash(nobodys)
    assert [len(part) for part in nobodys.split("$")] == [len(part) for part in known.split("$")]
    assert Argon2Passwords()._decoy_hash != nobodys  # noqa: SLF001
