"""Look a name up by link/resolver.py: resolve_name.py NAME SERVER PORT; for test_resolver.py."""

import asyncio
import sys
import time

from joulegate.link import resolver
from joulegate.link.errors import LinkError


class Clock:
    ticks_ms = staticmethod(time.ticks_ms)
    ticks_diff = staticmethod(time.ticks_diff)


async def main(name, server, port):
    longest = 0
    task = asyncio.create_task(resolver.resolve(name, server, Clock, int(port), 300))
    while not task.done():
        began = time.ticks_ms()
        await asyncio.sleep_ms(1)
        longest = max(longest, time.ticks_diff(time.ticks_ms(), began))
    try:
        print(await task)
    except LinkError as e:
        print("LinkError", e)
    print("longest", longest)


asyncio.run(main(*sys.argv[1:]))
