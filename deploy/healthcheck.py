"""The health check of the container: exits with 0 if the server is ready. The image has no curl."""

import http.client
import os
import sys

_READY = 200

try:
    _port = int(os.environ.get("WAYBILL_PORT", "8000"))
    _probe = http.client.HTTPConnection("127.0.0.1", _port, timeout=4)
    _probe.request("GET", "/readyz")
    _status = _probe.getresponse().status
except OSError as error:
    sys.exit(f"/readyz: {error}")
if _status != _READY:
    sys.exit(f"/readyz: {_status}")
