"""`waybill doctor`: what it finds, what it says to do, and its exit code."""

from uuid import uuid4

from persistence.database import Database
from tests.conftest import KIND
from tests.support.doctor import Examine, RunDoctor
from tests.support.smtp_servers import running


def test_each_check_has_a_line(run_doctor: RunDoctor) -> None:
    result = run_doctor()

    lines = result.output.splitlines()
    assert result.exit_code == 0
    assert all(line.split()[0] in {"ok", "warning"} for line in lines)
    assert "ok       settings    all are valid" in lines
    assert "ok       database    it answers" in lines
    assert "warning  worker      none has reported in the last day. Run: waybill worker" in lines


def test_a_complete_set_up_has_no_warnings(examine: Examine, examined: Database) -> None:
    examined.record_heartbeat(uuid4())
    with running(auth_require_tls=False) as mail_server:
        result = examine(
            PUBLIC_URL="https://shop.example",
            TRUSTED_PROXIES="1",
            SMTP_URL=f"smtp://127.0.0.1:{mail_server.port}",
            MAIL_FROM="shop@shop.example",
        )

    expected = {"settings", "secret", "public url", "database", "schema", "pooler", "writing"}
    expected |= {"worker", "clock", "limits", "mail"} | ({"files"} if KIND == "sqlite" else set())
    assert result.exit_code == 0
    assert result.findings.keys() == expected
    assert {status for status, _ in result.findings.values()} == {"ok"}
    assert mail_server.emails == []
