from secrets import token_hex, token_urlsafe

import click
import pytest

from handlers.cli.secret_strength import require_strong


@pytest.mark.parametrize(
    "secret",
    [
        token_hex(16),
        token_hex(32),
        token_urlsafe(24),
        token_urlsafe(64),
        "a secret of thirty-two characters",
    ],
    ids=["32 digits", "64 digits", "32 letters", "86 letters", "a sentence"],
)
def test_strong_secrets_are_accepted(secret: str) -> None:
    require_strong(secret)


@pytest.mark.parametrize(
    "secret",
    [
        "s" * 32,
        "x" * 1000,
        "0123456789" * 4,
        "abcdefgh" * 8,
        "secret" * 6,
        "waybill-" * 5,
        "please change me before production",
        "ChangeMe-e4b1b7a0f2d94c0fa1c6b8d2e5",
        "default-secret-of-this-installation",
        "this-is-an-insecure-secret-key-12345",
        "my very long password of this summer",
    ],
    ids=lambda secret: secret[:20],
)
def test_weak_secrets_are_refused_and_not_shown(secret: str) -> None:
    with pytest.raises(click.ClickException, match="WAYBILL_SECRET can be guessed") as refusal:
        require_strong(secret)

    assert secret not in refusal.value.message


def test_errors_name_the_variable() -> None:
    with pytest.raises(click.ClickException, match="WAYBILL_SECRET_PREVIOUS can be guessed"):
        require_strong("s" * 32, "WAYBILL_SECRET_PREVIOUS")
