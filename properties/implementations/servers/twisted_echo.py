"""Twisted with what its documented echo leaves out: it half-closes, and it is its own producer, so that a peer
that does not read is not read from.

Not for: the shortest echo, which is twisted_documented_echo.py. Usage: twisted_echo.py PORT
"""
import sys

from twisted.internet import interfaces, protocol, reactor
from zope.interface import implementer


@implementer(interfaces.IHalfCloseableProtocol)
class Echo(protocol.Protocol):
    def connectionMade(self):
        self.transport.registerProducer(self.transport, True)

    def dataReceived(self, data):
        self.transport.write(data)

    def readConnectionLost(self):
        self.transport.unregisterProducer()
        self.transport.loseConnection()

    def writeConnectionLost(self):
        pass


reactor.listenTCP(int(sys.argv[1]), protocol.Factory.forProtocol(Echo), backlog=128, interface="127.0.0.1")
reactor.run()
