"""Has the tests run by mutation_tests.py: `python mutation_asking.py SOCKET`."""

import socket
import sys

with socket.socket(socket.AF_UNIX) as asking:
    asking.connect(sys.argv[1])
    output = b"".join(iter(lambda: asking.recv(65536), b""))
told = output.decode(errors="replace").rstrip().rpartition("\n")
print(told[0])
sys.exit(int(told[2]))
