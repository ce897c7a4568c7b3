"""Requests a run of the tests from mutation_server.py: `python mutation_client.py SOCKET`."""

import socket
import sys

with socket.socket(socket.AF_UNIX) as connection:
    connection.connect(sys.argv[1])
    output = b"".join(iter(lambda: connection.recv(65536), b""))
lines = output.decode(errors="replace").rstrip().rpartition("\n")
print(lines[0])
sys.exit(int(lines[2]))
