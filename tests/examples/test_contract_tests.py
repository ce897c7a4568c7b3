"""The configuration of Schemathesis that docs/guides/sandbox.md uses."""

from pathlib import Path

import pytest
from schemathesis.config import SchemathesisConfig

FILE = Path(__file__).parents[2] / "examples" / "contract-tests" / "schemathesis.toml"
VARIABLES = ("WAYBILL_SESSION_KEY", "WAYBILL_SELLER_TOKEN", "WAYBILL_SHOP_TOKEN")


class TestSchemathesis:
    def test_uses_the_credentials_of_the_sandbox(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in VARIABLES:
            monkeypatch.setenv(name, f"value of {name}")

        config = SchemathesisConfig.from_path(FILE)

        shown = repr(config.projects.get_default().auth)
        assert all(f"value of {name}" in shown for name in VARIABLES)
