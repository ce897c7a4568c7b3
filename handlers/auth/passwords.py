"""Password hashes by argon2id."""

from secrets import token_urlsafe

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError


class Argon2Passwords:
    """A ``PasswordHasher`` with the parameters that OWASP names first: 19 MiB, t=2, p=1."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(memory_cost=19 * 1024, time_cost=2, parallelism=1)
        self._nobodys_hash = self.hash(token_urlsafe())

    def hash(self, password: str) -> str:
        return self._hasher.hash(password)

    def verify(self, password_hash: str | None, password: str) -> bool:
        try:
            self._hasher.verify(password_hash or self._nobodys_hash, password)
        except VerifyMismatchError:
            return False
        return password_hash is not None

    def needs_rehash(self, password_hash: str) -> bool:
        return self._hasher.check_needs_rehash(password_hash)
