"""One thread by Python's selectors: what could not be sent waits, and nothing more is read until it went out.

Not for: the documented example, which is selectors_documented_echo.py. Usage: selectors_echo.py PORT
"""
import selectors
import socket
import sys
import time

selector = selectors.DefaultSelector()


class Connection:
    def __init__(self, channel):
        self.channel = channel
        self.pending = memoryview(b"")
        channel.setblocking(False)
        selector.register(channel, selectors.EVENT_READ, self.ready)

    def ready(self, _):
        try:
            if not self.pending:
                self.pending = memoryview(self.channel.recv(65536))
                if not self.pending:
                    return self.close()
            self.pending = self.pending[self.channel.send(self.pending) :]
        except BlockingIOError:
            pass
        except OSError:
            return self.close()
        wanted = selectors.EVENT_WRITE if self.pending else selectors.EVENT_READ
        selector.modify(self.channel, wanted, self.ready)

    def close(self):
        selector.unregister(self.channel)
        self.channel.close()


def accept(listener):
    try:
        Connection(listener.accept()[0])
    except OSError:  # no descriptor left, or the peer went away: the selector would say so again at once
        time.sleep(0.05)


server = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128)
server.setblocking(False)
selector.register(server, selectors.EVENT_READ, accept)
while True:
    for key, _ in selector.select():
        key.data(key.fileobj)
