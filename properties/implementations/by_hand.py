#!/usr/bin/env python3
"""Shows one defect of an echo server in a few lines, without Verbatim: by_hand.py SUBCOMMAND [HOST:]PORT [FLAG...]

Each subcommand says what it saw and exits 1 if that is the defect it looks for, else 0. Standard library only.
Not for: judging: it tries one thing the plain way, so that a reader can see it, and nothing else.
"""
import argparse
import errno
import fcntl
import os
import resource
import select
import signal
import socket
import statistics
import struct
import sys
import termios
import time

SUBCOMMANDS = {}


def subcommand(function):
    """Registers a function of (address, arguments) that returns (whether it saw the defect, a sentence)."""
    SUBCOMMANDS[function.__name__.replace("_", "-")] = function
    return function


def connect(address, timeout=20):
    return socket.create_connection(address, timeout=timeout)


def receive(peer, count, patience=5):
    """Up to count bytes; fewer after an end, a reset, or `patience` seconds without a byte. And which of these it was."""
    got = bytearray()
    peer.settimeout(patience)
    while len(got) < count:
        try:
            piece = peer.recv(min(65536, count - len(got)))
        except socket.timeout:
            return bytes(got), f"nothing more for {patience} s"
        except ConnectionError as error:
            return bytes(got), error.strerror
        if not piece:
            return bytes(got), "an end"
        got += piece
    return bytes(got), "all"


def send_until_blocked(peer, most, blocked=0.5, piece=65536, pause=0.0):
    """Sends up to `most` bytes without reading, until nothing is taken for `blocked` seconds. Returns what was taken."""
    peer.setblocking(False)
    sent = 0
    try:
        while sent < most and select.select([], [peer], [], blocked)[1]:
            sent += peer.send(bytes(min(piece, most - sent)))
            time.sleep(pause)
    except ConnectionError:
        pass
    peer.setblocking(True)
    return sent


def echoes(address, patience=3):
    """Whether a new connection gets one byte back."""
    try:
        with connect(address) as peer:
            peer.sendall(b"v")
            return receive(peer, 1, patience)[0] == b"v"
    except OSError:
        return False


def family_of(pid):
    """The process and its descendants."""
    children = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as file:
                children.setdefault(int(file.read().rpartition(")")[2].split()[1]), []).append(int(entry))
        except OSError:
            pass
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


def use_of(pid):
    """CPU seconds, descriptors, processes and resident bytes of the process and its descendants."""
    cpu, descriptors, resident, family = 0.0, 0, 0, family_of(pid)
    for one in family:
        try:
            with open(f"/proc/{one}/stat", encoding="utf-8", errors="replace") as file:
                fields = file.read().rpartition(")")[2].split()
            cpu += sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
            resident += int(fields[21]) * resource.getpagesize()
            descriptors += len(os.listdir(f"/proc/{one}/fd"))
        except OSError:
            pass
    return cpu, descriptors, len(family), resident


def burns(pid, seconds=2):
    """What it uses of a processor (1.0 is all of one) while nothing is done."""
    before = use_of(pid)[0]
    time.sleep(seconds)
    return (use_of(pid)[0] - before) / seconds


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


# ---- Streams

@subcommand
def half_close(address, arguments):
    """Send --bytes and shut down; does all come back? --tries times; --slowly: a late and slow reader."""
    bad, last = 0, ""
    for _ in range(arguments.tries):
        with connect(address) as peer:
            if arguments.slowly:
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sent = send_until_blocked(peer, arguments.bytes)
            try:
                peer.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # it is gone already; what came back tells
            if arguments.slowly:
                time.sleep(2)
            got, how = receive(peer, arguments.bytes)
            if len(got) < sent or sent == 0:
                bad, last = bad + 1, f"{len(got)} of {sent} came back, then {how}"
    return bad, f"{bad} of {arguments.tries} times not all came back ({last})"


def queues_of_server(peer):
    """What stands in the kernel at the server's end of this connection: (not acknowledged, not read), in bytes."""
    port = "%04X" % peer.getsockname()[1]
    for name in "/proc/net/tcp", "/proc/net/tcp6":
        with open(name, encoding="ascii") as table:
            for row in table:
                fields = row.split()
                if len(fields) > 4 and fields[2].endswith(":" + port):
                    sent, unread = fields[4].split(":")
                    return int(sent, 16), int(unread, 16)
    return 0, 0


@subcommand
def drains_late(address, arguments):
    """Send pieces until the server has read one and can't write it, shut down, read 3.5 s later; does all come back?"""
    with socket.socket() as peer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        peer.connect(address)
        sent = kept = 0
        while not kept and sent < 64 << 20:
            peer.sendall(bytes(1024))
            sent += 1024
            until = time.monotonic() + 0.2
            while queues_of_server(peer)[1] > 0 and time.monotonic() < until:
                pass
            # What was read and is neither here nor in the server's kernel, for 300 looks in a row.
            for _ in range(300):
                unsent, unread = queues_of_server(peer)
                here = struct.unpack("i", fcntl.ioctl(peer, termios.FIONREAD, bytes(4)))[0]
                kept = max(sent - here - unsent - unread, 0)
                if not kept:
                    break
                time.sleep(0.001)
        peer.shutdown(socket.SHUT_WR)
        time.sleep(3.5)
        got, how = receive(peer, sent)
    return len(got) < sent, f"{len(got)} of {sent} bytes came back, then {how}"


@subcommand
def no_end(address, arguments):
    """Send --bytes, shut down, read them back; does the server end the connection too?"""
    with connect(address) as peer:
        peer.sendall(b"v" * arguments.bytes)
        peer.shutdown(socket.SHUT_WR)
        got, how = receive(peer, arguments.bytes + 1)
    return how != "an end", f"{len(got)} of {arguments.bytes} bytes came back, then {how}"


@subcommand
def late_reader(address, arguments):
    """Send until nothing more is taken (or --bytes), read only then; does all come back? --piece: in such, 1 ms apart."""
    pieces = {"piece": arguments.piece, "pause": 0.001} if arguments.piece else {}
    for number in range(1, arguments.tries + 1):
        with connect(address) as peer:
            sent = send_until_blocked(peer, arguments.bytes, **pieces)
            got, how = receive(peer, sent)
            if len(got) < sent:
                return True, f"try {number}: {sent} bytes sent, {len(got)} came back, then {how}"
    return False, f"{arguments.tries} times all that was sent came back, at last {sent} bytes"


@subcommand
def slow_reader(address, arguments):
    """Send --bytes as they are taken, and read slowly by way of a small buffer; does all come back? --tries times."""
    for number in range(1, arguments.tries + 1):
        peer = socket.socket()
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        peer.connect(address)
        peer.setblocking(False)
        sent = got = 0
        while got < arguments.bytes:
            readable, writable, _ = select.select([peer], [peer] if sent < arguments.bytes else [], [], 5)
            if not readable and not writable:
                return True, f"try {number}: {sent} bytes sent, {got} came back, then nothing more for 5 s"
            try:
                got += len(peer.recv(4096)) if readable else 0
                sent += peer.send(bytes(min(65536, arguments.bytes - sent))) if writable else 0
            except BlockingIOError:
                pass
            except ConnectionError as error:
                return True, f"try {number}: {sent} bytes sent, {got} came back, then {error}"
            time.sleep(0.0002)
        peer.close()
    return False, f"{arguments.tries} times all {arguments.bytes} bytes came back"


@subcommand
def no_bound(address, arguments):
    """Send without reading: is more than 64 MiB taken?"""
    with connect(address) as peer:
        sent = send_until_blocked(peer, (64 << 20) + 1)
    return sent > 64 << 20, f"{sent} bytes were taken of a peer that does not read"


@subcommand
def backlog(address, arguments):
    """--count connects at the same moment: how many take a second or more (a dropped SYN is sent again after one)?"""
    start, waiting, took = time.monotonic(), {}, []
    for _ in range(arguments.count):
        peer = socket.socket()
        peer.setblocking(False)
        peer.connect_ex(address)
        waiting[peer.fileno()] = peer
    done = []
    while waiting and time.monotonic() - start < 15:
        for ready in select.select([], list(waiting), [], 1)[1]:
            took.append(time.monotonic() - start)
            done.append(waiting.pop(ready))
    late = sum(seconds > 0.9 for seconds in took) + len(waiting)
    for peer in [*done, *waiting.values()]:
        peer.close()
    return late, f"{late} of {arguments.count} connects at once took 0.9 s or more (the slowest {max(took, default=15):.1f} s)"


@subcommand
def thousand(address, arguments):
    """--count connections at once, opened one after another: how many get a byte back?"""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    peers, answered = [], 0
    for _ in range(arguments.count):
        try:
            peers.append(connect(address, 5))
            peers[-1].sendall(b"v")
            answered += receive(peers[-1], 1, 3)[0] == b"v"
        except OSError:
            pass
        if len(peers) - answered > 3:
            break
    for peer in peers:
        peer.close()
    return answered < arguments.count, f"{answered} connections at once got their byte back, of {arguments.count} wanted"


@subcommand
def second(address, arguments):
    """Is a second connection served while the first is idle?"""
    with connect(address):
        served = echoes(address)
    return not served, f"beside an idle connection a second one is {'served' if served else 'not served within 3 s'}"


@subcommand
def isolated(address, arguments):
    """Is a second connection served while the first sends and does not read?"""
    with connect(address) as first:
        sent = send_until_blocked(first, 16 << 20)
        served = echoes(address)
    return not served, f"beside one that sent {sent} bytes and reads none a second one is {'served' if served else 'not served within 3 s'}"


@subcommand
def single_byte(address, arguments):
    """Does one byte come back while no more is sent?"""
    with connect(address) as peer:
        peer.sendall(b"v")
        got, how = receive(peer, 1)
    return got != b"v", f"{len(got)} of 1 byte came back ({how})"


@subcommand
def every_byte(address, arguments):
    """Do all 256 byte values come back?"""
    values = bytes(range(256))
    with connect(address) as peer:
        peer.sendall(values)
        got, how = receive(peer, 256, 2)
    same = next((i for i, (a, b) in enumerate(zip(got, values)) if a != b), len(got))
    return got != values, f"{len(got)} of 256 bytes came back ({how}), the first {same} of them as they were sent"


@subcommand
def stall(address, arguments):
    """Two small pieces one after the other, or --bytes at once: do they take 35 ms to come back?"""
    took = []
    text = b"012345678901234\n" * (arguments.bytes // 16)
    with connect(address) as peer:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(21):
            # The connection's first bytes are acknowledged at once; after its halves the whole is not.
            for half in (text[:len(text) // 2], text[len(text) // 2:]):
                peer.sendall(half)
                receive(peer, len(half))
            start = time.monotonic()
            for piece in (text,) if text else (b"\n", b"second\n"):
                peer.sendall(piece)
            receive(peer, len(text) or 8)
            took.append((time.monotonic() - start) * 1000)
    return statistics.median(took) > 35, f"the median of 21 rounds is {statistics.median(took):.1f} ms"


def linger_of(seconds):
    return struct.pack("ii", 1, seconds)


@subcommand
def vanish(address, arguments):
    """--count peers send --bytes and close without reading: is a later one served?"""
    for _ in range(arguments.count):
        try:
            with connect(address, 5) as peer:
                peer.sendall(b"v")
                receive(peer, 1, 2)
                send_until_blocked(peer, arguments.bytes, 0.1)
                peer.shutdown(socket.SHUT_WR)
        except OSError:
            pass
    served = echoes(address)
    return not served, f"after {arguments.count} peers that closed with data unread a later one is {'served' if served else 'not served'}"


@subcommand
def reset(address, arguments):
    """--count peers send --bytes and reset: is a later one served?"""
    for _ in range(arguments.count):
        try:
            with connect(address, 5) as peer:
                send_until_blocked(peer, arguments.bytes, 0.1)
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_of(0))
        except OSError:
            pass
    served = echoes(address)
    return not served, f"after {arguments.count} resets a later connection is {'served' if served else 'not served'}"


@subcommand
def churn(address, arguments):
    """3 times --count short connections, or --crowd of them at once: what grows from the second time to the third (--pid), and are all served?"""
    uses = []
    for _ in range(3):
        for number in range(arguments.count):
            try:
                with connect(address, 5) as peer:
                    peer.sendall(b"v")
                    if receive(peer, 1, 3)[0] != b"v":
                        return True, f"connection {len(uses) * arguments.count + number + 1} was not served"
            except OSError as error:
                return True, f"connection {len(uses) * arguments.count + number + 1}: {error}"
        crowd = [connect(address) for _ in range(arguments.crowd)]
        for peer in crowd:
            peer.sendall(b"v")
            receive(peer, 1, 3)
        for peer in crowd:
            peer.close()
        time.sleep(1)
        uses.append(use_of(arguments.pid))
    grown = [after - before for before, after in zip(uses[1], uses[2])]
    return grown[1] >= 100 or grown[2] >= (5 if arguments.crowd else 100) or grown[3] > 8 << 20, (
        f"the last {arguments.count} left {grown[1]} descriptors, {grown[2]} processes, {grown[3]} bytes of memory")


@subcommand
def pause(address, arguments):
    """10 times --count connections one after another: does one of them wait half a second for its byte?"""
    late = []
    for number in range(arguments.count * 10):
        start = time.monotonic()
        with connect(address) as peer:
            peer.sendall(b"v")
            receive(peer, 1)
        if time.monotonic() - start > 0.5:
            late.append(f"number {number + 1} took {time.monotonic() - start:.2f} s")
    return late, f"of {arguments.count * 10} connections {len(late)} waited: {', '.join(late[:5])}"


@subcommand
def fd_exhaustion(address, arguments):
    """Limits --pid to 32 descriptors, opens 64 connections: does it burn CPU time, does it serve again after they end?"""
    for one in family_of(arguments.pid):
        resource.prlimit(one, resource.RLIMIT_NOFILE, (32, 32))
    peers = []
    for _ in range(64):
        try:
            peers.append(connect(address, 2))
        except OSError:
            break
    time.sleep(0.5)
    before = use_of(arguments.pid)[0]
    time.sleep(1)
    burnt = use_of(arguments.pid)[0] - before
    for peer in peers:
        peer.close()
    time.sleep(0.5)
    served = echoes(address)
    return burnt > 0.1 or not served, (f"with {len(peers)} connections open it used {burnt * 100:.0f} % of a processor; "
                                       f"after they ended a new one is {'served' if served else 'not served'}")


@subcommand
def idle_cpu(address, arguments):
    """10 idle connections: does --pid use processor time?"""
    peers = [connect(address) for _ in range(10)]
    time.sleep(0.5)
    burnt = burns(arguments.pid)
    for peer in peers:
        peer.close()
    return burnt > 0.04, f"with 10 idle connections it used {burnt * 100:.0f} % of a processor"


@subcommand
def jammed_cpu(address, arguments):
    """Sends and does not read until no more is taken, then a FIN: does --pid use processor time?"""
    with connect(address) as peer:
        taken = send_until_blocked(peer, 64 << 20)
        peer.shutdown(socket.SHUT_WR)
        burnt = burns(arguments.pid)
    return burnt > 0.04, f"{taken} bytes were taken and a FIN sent; while the peer did not read it used {burnt * 100:.0f} % of a processor"


@subcommand
def sigterm(address, arguments):
    """SIGTERM to the process group of --pid while a connection is open: have it and its descendants ended after 5 s?"""
    with connect(address) as peer:
        peer.sendall(b"v")
        receive(peer, 1)
        family = family_of(arguments.pid)
        if os.getpgid(arguments.pid) == arguments.pid:
            os.killpg(arguments.pid, signal.SIGTERM)
        else:
            os.kill(arguments.pid, signal.SIGTERM)
        for _ in range(100):
            time.sleep(0.05)
            left = [one for one in family if is_running(one)]
            if not left:
                return False, "all have ended"
    return True, f"{len(left)} of {len(family)} processes still run 5 s after SIGTERM"


@subcommand
def urgent(address, arguments):
    """Urgent bytes between others: do the others come back, in order?"""
    with connect(address) as peer:
        for letter in b"abcdefgh":
            peer.sendall(bytes([letter]) * 10)
            peer.send(b"!", socket.MSG_OOB)
            time.sleep(0.02)
        got, how = receive(peer, 80, 1)
    others = got.replace(b"!", b"")
    return others != b"".join(bytes([letter]) * 10 for letter in b"abcdefgh"), f"{len(others)} of 80 other bytes came back ({how})"


@subcommand
def urgent_between(address, arguments):
    """One urgent byte between twice 2,048 others, the first of which came back before it: do the later ones?"""
    with connect(address) as peer:
        peer.sendall(b"a" * 2048)
        receive(peer, 2048)
        peer.send(b"!", socket.MSG_OOB)
        peer.sendall(b"b" * 2048)
        got, how = receive(peer, 2048, 3)
    later = got.count(b"b")
    return later < 2048, f"{later} of the 2048 bytes after it came back (then {how})" if later < 2048 else "all came back"


@subcommand
def urgent_together(address, arguments):
    """2,048 bytes, an urgent one and 2,048 more, all at once: do the others come back?"""
    with connect(address) as peer:
        peer.sendall(b"a" * 2048)
        peer.send(b"!", socket.MSG_OOB)
        peer.sendall(b"b" * 2048)
        got, how = receive(peer, 4096, 3)
    others = len(got.replace(b"!", b""))
    return others < 4096, f"{others} of the 4096 other bytes came back" + (f" (then {how})" if others < 4096 else "")


# ---- Datagrams

def ask(peer, data, patience=0.5, tries=3):
    """The answer to a datagram, or None."""
    for _ in range(tries):
        peer.settimeout(patience)
        try:
            peer.send(data)
            return peer.recv(65536)
        except socket.timeout:
            pass
        except ConnectionError:
            return None
    return None


def datagrams(address):
    peer = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET, socket.SOCK_DGRAM)
    peer.connect(address)
    return peer


@subcommand
def udp_size(address, arguments):
    """Datagrams of many sizes up to 65,507: which is the first that comes back cut, or not at all?"""
    sizes = sorted({1, 100, 548, 1472, 65507, *(2**k + d for k in range(9, 16) for d in (-1, 0, 1)), 9000, 9216, 12288, 12289, 30000, 65000})
    for size in sizes:
        with datagrams(address) as peer:
            data = bytes(i % 251 for i in range(size))
            answer = ask(peer, data)
            if answer != data:
                return True, f"of {size} bytes {'nothing' if answer is None else f'{len(answer)} bytes'} came back"
    return False, f"all sizes came back whole, up to {sizes[-1]}"


@subcommand
def udp_empty(address, arguments):
    """Is an empty datagram answered by an empty one, and a later one by its like?"""
    with datagrams(address) as peer:
        answer = ask(peer, b"")
    with datagrams(address) as peer:
        later = ask(peer, b"later")
    return answer != b"" or later != b"later", f"an empty datagram gets {answer!r}, a later one of b'later' gets {later!r}"


@subcommand
def udp_senders(address, arguments):
    """--count senders one after the other, each asks once (3 tries): is one of them not answered?"""
    for number in range(arguments.count):
        with datagrams(address) as peer:
            if ask(peer, b"%d\n" % number) is None:
                return True, f"sender {number + 1} had no answer"
    return False, f"all {arguments.count} were answered"


@subcommand
def udp_same(address, arguments):
    """--count datagrams, one right after the other, from one socket: how many answers?"""
    with datagrams(address) as peer:
        for number in range(arguments.count):
            peer.send(b"datagram %d" % number)
        answers = []
        peer.settimeout(1)
        try:
            while True:
                answers.append(peer.recv(65536))
        except (socket.timeout, ConnectionError):
            pass
    wanted = sorted(b"datagram %d" % number for number in range(arguments.count))
    return sorted(answers) != wanted, f"{arguments.count} datagrams got {len(answers)} answers, {len(set(answers) & set(wanted))} of them right"


@subcommand
def udp_isolated(address, arguments):
    """6 senders at once, 100 times, the second of them three times each: does one get what is not its own, or nothing?"""
    wrong = missing = 0
    for _ in range(100):
        peers = [datagrams(address) for _ in range(6)]
        order = [2, 5, 1, 1, 4, 3, 0, 1]
        for number in order:
            peers[number].send(b"from %d" % number)
        for number, peer in enumerate(peers):
            for _ in range(order.count(number)):
                peer.settimeout(0.2)
                try:
                    wrong += peer.recv(65536) != b"from %d" % number
                except (socket.timeout, ConnectionError):
                    missing += 1
                    break
            peer.close()
    return wrong or missing, f"of 800 datagrams {wrong} were answered to the wrong sender, {missing} times one was not answered"


@subcommand
def udp_source(address, arguments):
    """Does the answer come from the address and port that was asked (--ask 127.0.0.2: another address of this machine)?"""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.settimeout(1)
        peer.sendto(b"whence", (arguments.ask or address[0], address[1]))
        try:
            source = peer.recvfrom(65536)[1]
        except socket.timeout:
            return True, "no answer"
    return source != (arguments.ask or address[0], address[1]), f"asked {arguments.ask or address[0]}:{address[1]}, the answer came from {source[0]}:{source[1]}"


@subcommand
def udp_refused(address, arguments):
    """A sender is gone before its answer arrives, --count times: is a later one answered?"""
    for _ in range(arguments.count):
        with datagrams(address) as peer:
            peer.send(b"gone")
    with datagrams(address) as peer:
        later = ask(peer, b"later")
    return later != b"later", f"after {arguments.count} senders that were gone a later one gets {later!r}"


@subcommand
def udp_flood(address, arguments):
    """--count datagrams of 1,400 bytes as fast as they go: is a later one answered?"""
    with datagrams(address) as peer:
        for _ in range(arguments.count):
            try:
                peer.send(bytes(1400))
            except OSError as error:
                if error.errno != errno.ECONNREFUSED:
                    raise
    time.sleep(1)
    with datagrams(address) as peer:
        later = ask(peer, b"later", 1)
    return later != b"later", f"after {arguments.count} datagrams at once a later one gets {later!r}"


@subcommand
def udp_loop(address, arguments):
    """Needs root: is a request from the port of a small service (--source 7) answered? Two such echoes loop for ever."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        peer.bind(("", arguments.source))
        peer.connect(address)
        answer = ask(peer, b"loop?")
    return answer is not None, f"a request from port {arguments.source} gets {answer!r}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0], formatter_class=argparse.RawDescriptionHelpFormatter,
                                     epilog="\n".join(f"{name:14} {function.__doc__}" for name, function in SUBCOMMANDS.items()))
    parser.add_argument("subcommand", choices=SUBCOMMANDS, metavar="SUBCOMMAND")
    parser.add_argument("address", help="[HOST:]PORT")
    parser.add_argument("--bytes", type=int, default=1)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--crowd", type=int, default=0)
    parser.add_argument("--tries", type=int, default=10)
    parser.add_argument("--piece", type=int)
    parser.add_argument("--slowly", action="store_true")
    parser.add_argument("--pid", type=int, default=os.environ.get("SERVER_PID"), help="the server's process (or $SERVER_PID)")
    parser.add_argument("--ask")
    parser.add_argument("--source", type=int, default=7)
    arguments = parser.parse_args()
    host, _, port = arguments.address.rpartition(":")
    seen, sentence = SUBCOMMANDS[arguments.subcommand]((host.strip("[]") or "127.0.0.1", int(port)), arguments)
    print(f"{arguments.subcommand}: {sentence}")
    return 1 if seen else 0


if __name__ == "__main__":
    sys.exit(main())
