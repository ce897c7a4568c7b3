"""The side of a service manager such as systemd."""

import socket


class Receiver:
    """Receives the messages of services; a ``name`` that begins with @ is abstract."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(name.replace("@", "\0"))
        self._socket.setblocking(False)

    def messages(self) -> list[str]:
        """Those that arrived since the last call."""
        messages = []
        try:
            while True:
                messages.append(self._socket.recv(4096).decode())
        except BlockingIOError:
            return messages

    def close(self) -> None:
        self._socket.close()
