"""gevent's StreamServer in the way of its example echoserver.py: a file over the socket, read by lines.

Not for: bytes without a newline, for which gevent_echo.py is. Usage: gevent_documented_echo.py PORT
"""
import sys

from gevent.server import StreamServer


def echo(connection, _):
    lines = connection.makefile(mode="rb")
    while line := lines.readline():
        connection.sendall(line)
    lines.close()


StreamServer(("127.0.0.1", int(sys.argv[1])), echo).serve_forever()
