"""The application that serves the operations: routing, and the way from ASGI to a handler."""
