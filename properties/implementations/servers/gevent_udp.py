"""Datagrams by gevent's DatagramServer, as its example udp_server.py has it.

Not for: streams. Usage: gevent_udp.py PORT
"""
import sys

from gevent.server import DatagramServer


class Echo(DatagramServer):
    def handle(self, data, address):
        self.socket.sendto(data, address)


Echo(("127.0.0.1", int(sys.argv[1]))).serve_forever()
