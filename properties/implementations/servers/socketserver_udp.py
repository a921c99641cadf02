"""Datagrams by Python's socketserver, as its documentation shows: request[0] is sent back, nothing is set.

Not for: datagrams above max_packet_size. Usage: socketserver_udp.py PORT
"""
import socketserver
import sys


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        data, channel = self.request
        channel.sendto(data, self.client_address)


with socketserver.UDPServer(("127.0.0.1", int(sys.argv[1])), Echo) as server:
    server.serve_forever()
