"""The health check of the container: exits with 0 if the server is ready. The image has no curl.

With an argument, it is the check of a mail worker: exits with 0 if `waybill worker --alive-file`
has updated this file in the last five minutes. One e-mail may take minutes, if its server is slow.
"""

import http.client
import os
import sys
import time
from pathlib import Path

_READY = 200
_MAX_SILENCE = 300  # seconds


def _check_server() -> None:
    try:
        port = int(os.environ.get("WAYBILL_PORT", "8000"))
        probe = http.client.HTTPConnection("127.0.0.1", port, timeout=4)
        probe.request("GET", "/readyz")
        status = probe.getresponse().status
    except OSError as error:
        sys.exit(f"/readyz: {error}")
    if status != _READY:
        sys.exit(f"/readyz: {status}")


def _check_worker(path: str) -> None:
    try:
        silence = time.time() - Path(path).stat().st_mtime
    except OSError as error:
        sys.exit(str(error))
    if silence > _MAX_SILENCE:
        sys.exit(f"{path}: not updated for {silence:.0f} seconds")


if len(sys.argv) > 1:
    _check_worker(sys.argv[1])
else:
    _check_server()
