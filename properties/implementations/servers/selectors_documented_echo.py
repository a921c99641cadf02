"""One thread by Python's selectors in the way of that module's documented example: non-blocking sockets, and
what recv() returned goes to one send(), whose result nobody looks at.

Not for: a sound server, which is selectors_echo.py. Usage: selectors_documented_echo.py PORT
"""
import selectors
import socket
import sys

selector = selectors.DefaultSelector()


def accept(listener):
    connection, _ = listener.accept()
    connection.setblocking(False)
    selector.register(connection, selectors.EVENT_READ, echo)


def echo(connection):
    data = connection.recv(1000)
    if data:
        connection.send(data)
    else:
        selector.unregister(connection)
        connection.close()


server = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=100)
server.setblocking(False)
selector.register(server, selectors.EVENT_READ, accept)
while True:
    for key, _ in selector.select():
        key.data(key.fileobj)
