"""Trio's streams in the way of its tutorial: receive and send_all, a task for each connection.

Not for: other transports. Usage: trio_echo.py PORT
"""
import sys

import trio


async def echo(stream):
    try:
        async for data in stream:
            await stream.send_all(data)
    except trio.BrokenResourceError:
        pass


trio.run(lambda: trio.serve_tcp(echo, int(sys.argv[1]), host="127.0.0.1"))
