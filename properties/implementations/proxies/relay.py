"""A relay that is sound: what comes in at PORT goes to BACKEND_HOST BACKEND_PORT, and back.

For the tests of `verbatim check --behind echo`: as it is it must be cleared, and with ../bugs/relay-drops-the-tail.patch, which
has it forget at a half-close what it still holds, it must be caught.
Not for: speed.
"""
import errno
import selectors
import socket
import sys

HELD_BYTES = 4 << 20  # more than one gap in a full socket buffer takes, so that something is held when the end comes
PIECE_BYTES = 65536


class Way:
    """One direction: what was read of `source` and not yet written to `sink`."""

    def __init__(self, source, sink):
        self.source, self.sink, self.held, self.ended, self.shut = source, sink, bytearray(), False, False

    def read(self):
        if self.ended or len(self.held) >= HELD_BYTES:
            return
        piece = self.source.recv(PIECE_BYTES)
        self.held += piece
        self.ended = not piece

    def write(self):
        if self.held:
            del self.held[: self.sink.send(self.held)]
        if self.ended and not self.held and not self.shut:
            self.sink.shutdown(socket.SHUT_WR)
            self.shut = True


class Relay:
    def __init__(self, port, backend):
        self.backend, self.waiting = backend, selectors.DefaultSelector()
        self.listener = socket.create_server(("127.0.0.1", port), backlog=1024)
        self.listener.setblocking(False)
        self.listen(True)

    def listen(self, wanted):
        listening = self.listener in self.waiting.get_map()
        if wanted and not listening:
            self.waiting.register(self.listener, selectors.EVENT_READ)
        elif listening and not wanted:
            self.waiting.unregister(self.listener)

    def accept(self):
        try:
            client = self.listener.accept()[0]
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                self.listen(False)  # until a connection has ended
            return
        try:
            server = socket.create_connection(self.backend)
        except OSError:
            client.close()
            return
        there, back = Way(client, server), Way(server, client)
        for peer, reads, writes in ((client, there, back), (server, back, there)):
            peer.setblocking(False)
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.waiting.register(peer, selectors.EVENT_READ, (reads, writes))

    def close(self, *ways):
        for way in ways:
            if way.source in self.waiting.get_map():
                self.waiting.unregister(way.source)
            way.source.close()
        self.listen(True)

    def watch(self, peer, reads, writes):
        """Asks for what this peer is to be waited for; a selector does not take "nothing"."""
        events = 0
        if not reads.ended and len(reads.held) < HELD_BYTES:
            events |= selectors.EVENT_READ
        if writes.held:
            events |= selectors.EVENT_WRITE
        known = peer in self.waiting.get_map()
        if events and known:
            self.waiting.modify(peer, events, (reads, writes))
        elif events:
            self.waiting.register(peer, events, (reads, writes))
        elif known:
            self.waiting.unregister(peer)

    def serve(self, peer, events, reads, writes):
        try:
            if events & selectors.EVENT_READ:
                reads.read()
            for way in (reads, writes):
                try:
                    way.write()
                except BlockingIOError:
                    pass
        except BlockingIOError:
            pass
        except OSError:
            self.close(reads, writes)
            return
        if reads.shut and writes.shut:
            self.close(reads, writes)
            return
        self.watch(reads.source, reads, writes)
        self.watch(writes.source, writes, reads)

    def run(self):
        while True:
            for key, events in self.waiting.select():
                if key.fileobj is self.listener:
                    self.accept()
                elif key.fileobj.fileno() >= 0:  # not closed by an event before this one
                    self.serve(key.fileobj, events, *key.data)


if __name__ == "__main__":
    Relay(int(sys.argv[1]), (sys.argv[2], int(sys.argv[3]))).run()
