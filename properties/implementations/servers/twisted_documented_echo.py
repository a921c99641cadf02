"""Twisted's Protocol in the way of its documented echo: dataReceived() writes.

Not for: half-close and back-pressure, which are in twisted_echo.py. Usage: twisted_documented_echo.py PORT
"""
import sys

from twisted.internet import protocol, reactor


class Echo(protocol.Protocol):
    def dataReceived(self, data):
        self.transport.write(data)


reactor.listenTCP(int(sys.argv[1]), protocol.Factory.forProtocol(Echo), interface="127.0.0.1")
reactor.run()
