"""The alerts and the dashboard: their metrics exist, and promtool accepts the alerts."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from starlette.testclient import TestClient

from handlers.app import create_app, database_of
from handlers.settings import Settings
from persistence.engine.standbys import StandbyStatus
from tests.handlers.test_metrics import parse

DEPLOY = Path(__file__).parents[2] / "deploy"
PAGE = Path(__file__).parents[2] / "docs/operations/observability.md"
NAME = re.compile(r"\b(?:waybill|process|python)_[a-z_]+\b")
SUFFIX = re.compile(r"_(?:bucket|count|sum)$")
PROMTOOL = shutil.which("promtool")


@pytest.fixture
def scraped(migrated_url: str, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names in a scrape of an application with a standby, after one request."""
    replicas = "postgresql://standby.invalid/shop"
    app = create_app(
        Settings(secret="s" * 32, database_url=migrated_url, database_read_url=replicas)
    )
    standby = StandbyStatus("standby", None, 0.5, reads=0, refusals=0)
    monkeypatch.setattr(database_of(app), "standbys", lambda: [standby])
    client = TestClient(app)
    client.get("/healthz")
    text = client.get("/metrics").text
    database_of(app).close()
    return {name.partition("{")[0] for name in parse(text)}


def alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load((DEPLOY / "alerts.yaml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    dashboard = json.loads((DEPLOY / "dashboard.json").read_text())
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def queries() -> dict[str, str]:
    """The query of each alert and each panel, by its name."""
    found = {rule["alert"]: rule["expr"] for rule in alerts()}
    for panel in panels():
        for target in panel["targets"]:
            found[f"{panel['title']} {target['refId']}"] = target["expr"]
    return found


def test_all_metrics_of_the_queries_are_in_a_scrape(scraped: set[str]) -> None:
    used = {name: {*NAME.findall(query)} for name, query in queries().items()}

    assert len(used) > 30
    missing = {name: metrics - scraped for name, metrics in used.items() if metrics - scraped}
    assert missing == {}
    assert [name for name, metrics in used.items() if not metrics] == ["WaybillServerDown"]


def test_the_page_describes_all_metrics_and_no_other(scraped: set[str]) -> None:
    described = {*NAME.findall(PAGE.read_text())} - {"waybill_"}

    assert {SUFFIX.sub("", name) for name in scraped} - described == set()
    assert described - {SUFFIX.sub("", name) for name in scraped} == set()


def test_the_page_describes_all_alerts() -> None:
    text = PAGE.read_text()

    assert [rule["alert"] for rule in alerts() if f"`{rule['alert']}`" not in text] == []


def test_panels_do_not_overlap() -> None:
    cells = [
        (x, y)
        for panel in panels()
        for grid in [panel["gridPos"]]
        for x in range(grid["x"], grid["x"] + grid["w"])
        for y in range(grid["y"], grid["y"] + grid["h"])
    ]

    assert len(cells) == len({*cells})
    assert max(x for x, _ in cells) < 24


def test_all_alerts_have_a_test_that_fires() -> None:
    tests = yaml.safe_load((DEPLOY / "alerts.test.yaml").read_text())["tests"]
    checks = [check for test in tests for check in test["alert_rule_test"]]
    firing = {check["alertname"] for check in checks if check["exp_alerts"]}
    quiet = {check["alertname"] for check in checks if not check["exp_alerts"]}

    assert firing == quiet == {rule["alert"] for rule in alerts()}


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed")
@pytest.mark.parametrize(
    "command", [["check", "rules", "alerts.yaml"], ["test", "rules", "alerts.test.yaml"]]
)
def test_promtool_accepts_the_alerts(command: list[str]) -> None:
    done = subprocess.run(  # noqa: S603 - our own arguments
        [str(PROMTOOL), *command], cwd=DEPLOY, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
