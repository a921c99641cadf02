#!/usr/bin/env python3
"""Shows what a client does, without Verbatim: by_hand.py VERB COMMAND, with {host} and {port} in the command.

closes: the server ends at once, and the client's input stays open. It should end by itself.
refuses: nobody listens. It should say so on standard error, and its status should not be 0.
late: its input ends, and the answer comes a second later. It should print it.
late-datagram: likewise over UDP, a third of a second later.
empty: over UDP, an empty datagram comes, and then more input. It should be sent.
bulk: a plain echo that takes no more while its replies are not read. All of 32 MiB should come back.
waits: it is fed one line, and no end. It should send that line.
next-address: a name with two addresses, of which one listens: each in turn. It should be served by both (as root).
"""
import socket
import subprocess
import sys
import tempfile
import threading
import time

SECONDS = 4


def start(command, host, port, **options):
    return subprocess.Popen(["sh", "-c", command.replace("{host}", host).replace("{port}", str(port))],
                            stdin=subprocess.PIPE, **options)


def tell_end(client, what):
    try:
        print(f"{what}: it ended with status {client.wait(SECONDS)}")
    except subprocess.TimeoutExpired:
        client.kill()
        print(f"{what}: it had not ended after {SECONDS} s")


def closes(command):
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = start(command, "127.0.0.1", server.getsockname()[1])
        server.accept()[0].close()
        tell_end(client, "the server ended at once")


def refuses(command):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        client = start(command, "127.0.0.1", nobody.getsockname()[1], stderr=subprocess.PIPE)
        client.stdin.close()
        tell_end(client, "nobody listened")
        print(f"on standard error: {client.stderr.read()!r}")


def late(command):
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = start(command, "127.0.0.1", server.getsockname()[1], stdout=subprocess.PIPE)
        connection = server.accept()[0]
        client.stdin.write(b"hello\n")
        client.stdin.close()
        data = connection.recv(100)
        time.sleep(1)  # the answer is to come late
        try:
            connection.sendall(data)
        except OSError as error:
            print(f"the answer could not be sent: {error}")
        connection.close()
        print(f"of b'hello\\n' it printed {client.stdout.read()!r}")


def late_datagram(command):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(SECONDS)
        client = start(command, "127.0.0.1", server.getsockname()[1], stdout=subprocess.PIPE)
        client.stdin.write(b"hello\n")
        client.stdin.close()
        data, peer = server.recvfrom(100)
        time.sleep(0.3)  # the answer is to come late
        print("it has ended" if client.poll() is not None else "it runs")
        server.sendto(data, peer)
        threading.Timer(SECONDS, client.kill).start()
        print(f"of b'hello\\n' it printed {client.stdout.read()!r}")


def bulk(command):
    def echo(listening):
        connection = listening.accept()[0]
        while data := connection.recv(65536):
            connection.sendall(data)
        connection.close()

    size = 32 << 20
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=echo, args=[server], daemon=True).start()
        client = start(command, "127.0.0.1", server.getsockname()[1], stdout=subprocess.PIPE)
        threading.Thread(target=lambda: (client.stdin.write(bytes(size)), client.stdin.close()), daemon=True).start()
        threading.Timer(SECONDS, client.kill).start()
        printed = len(client.stdout.read())
        print(f"of {size} bytes it printed {printed}; it ended with status {client.wait()} (-9: after {SECONDS} s by us)")


def waits(command):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(SECONDS)
        client = start(command, "127.0.0.1", server.getsockname()[1])
        client.stdin.write(b"hello\n")
        client.stdin.flush()
        try:
            connection = server.accept()[0]
            connection.settimeout(SECONDS)
            print(f"of b'hello\\n' it sent {connection.recv(100)!r}")
        except TimeoutError:
            print(f"of b'hello\\n' it sent nothing for {SECONDS} s")
        client.kill()


def empty(command):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(SECONDS)
        client = start(command, "127.0.0.1", server.getsockname()[1])
        try:
            for line in (b"one\n", b"two\n"):
                client.stdin.write(line)
                client.stdin.flush()
                data, peer = server.recvfrom(100)
                print(f"it sent {data!r}")
                server.sendto(b"", peer)
                time.sleep(3)  # more than a moment: it may end only then
        except (OSError, TimeoutError) as error:
            print(f"then nothing more: {error}")
        client.kill()


def next_address(command):
    with tempfile.NamedTemporaryFile("w", suffix=".hosts") as hosts:
        hosts.write("127.0.0.1 localhost two.test\n127.0.0.2 two.test\n")
        hosts.flush()
        for address in ("127.0.0.1", "127.0.0.2"):
            with socket.create_server((address, 0)) as server:
                server.settimeout(SECONDS)
                named = f"unshare --mount sh -c 'mount --bind {hosts.name} /etc/hosts && exec {command}'"
                client = start(named, "two.test", server.getsockname()[1])
                try:
                    server.accept()[0].close()
                    print(f"{address} listened: it came")
                except TimeoutError:
                    print(f"{address} listened: it did not come")
                client.kill()


if __name__ == "__main__":
    {"closes": closes, "refuses": refuses, "late": late, "late-datagram": late_datagram, "empty": empty, "waits": waits,
     "bulk": bulk, "next-address": next_address}[sys.argv[1]](sys.argv[2])
