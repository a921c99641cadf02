"""An asyncio Protocol that writes what it receives, as the documentation's protocol examples do.

Not for: streams, which are asyncio_echo.py. It never pauses reading. Usage: asyncio_protocol_echo.py PORT
"""
import asyncio
import sys


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Echo, "127.0.0.1", int(sys.argv[1]))
    async with server:
        await server.serve_forever()


asyncio.run(main())
