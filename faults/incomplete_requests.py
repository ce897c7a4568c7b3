"""Requests that clients start and never complete."""

NO_BYTES = b""
PARTIAL_HEAD = b"GET /healthz HTTP/1.1\r\nHost: local"
PARTIAL_BODY = (
    b"POST /users/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b'Content-Length: 5000\r\n\r\n{"email"'
)
KINDS = (NO_BYTES, PARTIAL_HEAD, PARTIAL_BODY)
