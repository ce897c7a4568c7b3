"""What clients begin and never finish."""

SILENT = b""
HALF_HEAD = b"GET /healthz HTTP/1.1\r\nHost: local"
HALF_BODY = (
    b"POST /users/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b'Content-Length: 5000\r\n\r\n{"email"'
)
KINDS = (SILENT, HALF_HEAD, HALF_BODY)
