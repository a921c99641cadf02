"""Echo servers that are slow or odd and sound: each must pass a check.

Not for: defects; or what is odd on purpose of an attack (hostile_echo.py).
Usage: slow_echo.py PORT MODE
"""
import os
import selectors
import signal
import socket
import sys
import threading
import time

TAKEN_BYTES = 65536


def echo(connection, taken=TAKEN_BYTES, answer_s=0.0):
    while data := connection.recv(taken):
        time.sleep(answer_s)
        connection.sendall(data)


def answers_after_10_ms(connection):
    echo(connection, answer_s=0.01)


def answers_after_30_ms(connection):
    echo(connection, answer_s=0.03)


def answers_after_80_ms(connection):
    echo(connection, answer_s=0.08)


def answers_after_200_ms(connection):
    echo(connection, answer_s=0.2)


def begins_after_100_ms(connection):
    time.sleep(0.1)
    echo(connection)


def closes_after_400_ms(connection):
    echo(connection)
    time.sleep(0.4)


def takes_4_kib(connection):  # in small buffers of the kernel's, too; each answered after 5 ms
    echo(connection, taken=4096, answer_s=0.005)


def byte_by_byte(connection):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while data := connection.recv(1):
        connection.sendall(data)


def small_pieces(connection):  # of 1 to 2,000 bytes, by Nagle's algorithm put together or not
    size = 1
    while data := connection.recv(TAKEN_BYTES):
        while data:
            connection.sendall(data[:size])
            data = data[size:]
            size = size * 3 % 1999 + 1


def forks(connection):  # a process for each, which takes 50 ms to begin
    if os.fork() == 0:
        time.sleep(0.05)
        echo(connection)
        os._exit(0)


def starts_after_1500_ms(connection):
    echo(connection)


def in_turn(listener):
    """One loop for all, and 10 ms for whatever happens."""
    ready = selectors.DefaultSelector()
    kept = {}
    listener.setblocking(False)
    ready.register(listener, selectors.EVENT_READ)
    while True:
        for key, events in ready.select():
            time.sleep(0.01)
            if key.fileobj is listener:
                try:
                    peer, _ = listener.accept()
                except OSError:
                    continue
                peer.setblocking(False)
                kept[peer] = b""
                ready.register(peer, selectors.EVENT_READ)
                continue
            peer = key.fileobj
            try:
                data = peer.recv(TAKEN_BYTES) if events & selectors.EVENT_READ else b""
                kept[peer] += data
                kept[peer] = kept[peer][peer.send(kept[peer]):] if kept[peer] else b""
                ended = not data and bool(events & selectors.EVENT_READ) and not kept[peer]
            except BlockingIOError:
                ended = False
            except OSError:
                ended = True
            if ended:
                ready.unregister(peer)
                peer.close()
                del kept[peer]
            else:
                ready.modify(peer, selectors.EVENT_WRITE if kept[peer] else selectors.EVENT_READ)


EACH = {f.__name__: f for f in (answers_after_10_ms, answers_after_30_ms, answers_after_80_ms, answers_after_200_ms,
                                begins_after_100_ms, closes_after_400_ms, takes_4_kib, byte_by_byte, small_pieces,
                                forks, starts_after_1500_ms)}


def serve(connection, each):
    with connection:
        try:
            each(connection)
        except OSError:
            pass


def main():
    port, mode = int(sys.argv[1]), sys.argv[2]
    if mode == "starts_after_1500_ms":
        time.sleep(1.5)
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if mode == "takes_4_kib":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    listener.bind(("127.0.0.1", port))
    listener.listen(128)
    if mode == "in_turn":
        in_turn(listener)
    if mode == "forks":
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    # A thread's end loads a library: the first one ends now, while there is a descriptor for it.
    warm = threading.Thread(target=time.monotonic)
    warm.start()
    warm.join()
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:  # no descriptor left: until one is free again
            time.sleep(0.02)
            continue
        if mode == "forks":
            forks(connection)
            connection.close()
            continue
        threading.Thread(target=serve, args=(connection, EACH[mode]), daemon=True).start()


main()
