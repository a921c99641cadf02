"""A thread for each connection by Python's socketserver, as its documentation shows servers: nothing is set.

Not for: the same with its defaults mended, which is socketserver_tuned_echo.py. Usage: socketserver_echo.py PORT
"""
import socketserver
import sys


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(4096):
            self.request.sendall(data)


with socketserver.ThreadingTCPServer(("127.0.0.1", int(sys.argv[1])), Echo) as server:
    server.serve_forever()
