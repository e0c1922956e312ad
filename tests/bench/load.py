"""The phone system's side of a bench, in a process of its own: it posts prepared bodies and notes the time of each.

Each line on standard input is a job, each line on standard output its result, both JSON.
"""

import asyncio
import json
import sys
import time
from collections.abc import Sequence

import aiohttp

type Times = tuple[list[float], list[float]]


async def post(url: str, bodies: Sequence[str], pause: float) -> Times:
    """Post as phone systems do, with an HTTP library: one after the other over one connection; wait in between."""
    sent, answered = [], []
    headers = {"Content-Type": "application/json"}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as session:
        for body in bodies:
            if pause:
                await asyncio.sleep(pause)
            sent.append(time.monotonic())
            async with session.post(url, data=body, headers=headers) as response:
                await response.read()
                response.raise_for_status()
            answered.append(time.monotonic())
    return sent, answered


def main() -> None:
    """Do what is asked for until nobody asks any more."""
    with asyncio.Runner() as runner:
        for line in sys.stdin:
            sys.stdout.write(json.dumps(runner.run(post(**json.loads(line)))) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
