"""Datagrams by Twisted's DatagramProtocol, as its documentation's echo has it.

Not for: streams. Usage: twisted_udp.py PORT
"""
import sys

from twisted.internet import protocol, reactor


class Echo(protocol.DatagramProtocol):
    def datagramReceived(self, data, address):
        self.transport.write(data, address)


reactor.listenUDP(int(sys.argv[1]), Echo(), interface="127.0.0.1")
reactor.run()
