"""gevent's StreamServer, recv and sendall, a greenlet for each connection.

Not for: lines, which gevent_documented_echo.py reads. Usage: gevent_echo.py PORT
"""
import sys

from gevent.server import StreamServer


def echo(connection, _):
    try:
        while data := connection.recv(65536):
            connection.sendall(data)
    except ConnectionError:
        pass


StreamServer(("127.0.0.1", int(sys.argv[1])), echo).serve_forever()
