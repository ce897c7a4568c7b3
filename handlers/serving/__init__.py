"""The server process: granian, its workers and the guard in front of the application."""
