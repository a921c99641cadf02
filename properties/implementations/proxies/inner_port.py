"""Prints a port that is free now, for the inside of a tunnel of two programs.

Not for: ports that anybody else must find; those come from Verbatim.
"""
import random
import socket

while True:
    port = random.randrange(20000, 32768)  # below the range that the system gives to connecting sockets
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            continue
    print(port)
    break
