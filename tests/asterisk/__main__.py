"""Run the lab to look at: `python -m tests.asterisk` prints where it listens, and stays until Ctrl-C."""

import asyncio
import contextlib

from .lab import Lab


async def main() -> None:
    """Keep it running."""
    async with Lab() as lab:
        print(f"AMI 127.0.0.1:{lab.ami_port} (user and secret: full, or homeassistant)")  # noqa: T201 - for a person
        print(f"SIP 127.0.0.1:{lab.sip_port}/udp")  # noqa: T201 - as above
        print(f"Console: {lab.root}/bin/asterisk -C {lab.work}/etc/asterisk.conf -r")  # noqa: T201 - as above
        await asyncio.Event().wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
