"""Echo servers that mean harm to whoever checks them, for the checker's own tests.

Not for: any other use.
Usage: hostile_echo.py PORT MODE
"""
import itertools
import os
import signal
import socket
import sys
import threading
import time


def echo(connection):
    while data := connection.recv(65536):
        connection.sendall(data)


def flood(connection):  # what was received, and then more than anybody can take
    connection.sendall(connection.recv(65536))
    while True:
        connection.sendall(b"flood" * 10000)


def drip(connection):  # a byte a second
    while data := connection.recv(65536):
        for byte in data:
            connection.sendall(bytes([byte]))
            time.sleep(1)


def never_close(connection):
    echo(connection)
    time.sleep(3600)


def close_at_once(connection):
    connection.close()


def escapes(connection):  # what a terminal would obey; printed too
    os.write(2, b"\x1b]0;owned\x07\x1b[2J\x1b[31mred\x9b31m\r\n")
    while connection.recv(65536):
        connection.sendall(b"\x1b[2J\x1b]52;c;aGk=\x07\x9b31m\x00\xff\xfe")


def die_half_way(connection):
    data = connection.recv(65536)
    connection.sendall(data[: len(data) // 2])
    os.kill(os.getpid(), signal.SIGSEGV)


def fork_children(connection):  # they leave the group, ignore SIGTERM, forget where they come from
    if next(FORKS) < 20 and os.fork() == 0:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.execve(sys.executable, [sys.executable, "-c", "import time; time.sleep(3600)", MARK], {})
    echo(connection)


def chatter(connection):  # prints without end
    while data := connection.recv(65536):
        os.write(1, b"x" * 1000000)
        connection.sendall(data)


MODES = {f.__name__: f for f in (echo, flood, drip, never_close, close_at_once, escapes, die_half_way,
                                 fork_children, chatter)}
FORKS = itertools.count()
MARK = "verbatim-hostile-child-" + (sys.argv[3] if len(sys.argv) > 3 else "")


def serve(connection, mode):
    with connection:
        try:
            mode(connection)
        except OSError:
            pass


def main():
    mode = MODES[sys.argv[2]]
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128)
    if mode is fork_children:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:  # no descriptor is left
            time.sleep(0.05)
            continue
        threading.Thread(target=serve, args=(connection, mode), daemon=True).start()


main()
