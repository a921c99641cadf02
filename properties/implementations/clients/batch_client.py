#!/usr/bin/env python3
"""A client that reads all of its input, sends it, half-closes, and prints until the server's end: the usual short one."""
import socket
import sys

data = sys.stdin.buffer.read()
with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as connection:
    connection.sendall(data)
    connection.shutdown(socket.SHUT_WR)
    received = 0
    while reply := connection.recv(65536):
        received += len(reply)
        sys.stdout.buffer.write(reply)
sys.stdout.buffer.flush()
if received < len(data):
    sys.exit(f"the server ended early: {len(data)} bytes sent, {received} received")
