"""An echo server in the usual way of Python's asyncio, for the checker's own tests.

Not for: anybody's production. Usage: asyncio_echo.py PORT
"""
import asyncio
import sys


async def serve(reader, writer):
    try:
        while True:
            data = await reader.read(65536)
            if not data:
                break
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]), backlog=128)
    async with server:
        await server.serve_forever()


asyncio.run(main())
