"""The application that serves the operations: routing, and the path from ASGI to a handler."""
