"""What all literal servers share: a web server on the loopback that writes down what it was asked."""

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request as it came over the wire."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    text: str


class Page:
    """A server that answers as one page of documentation says, and nothing else."""

    def __init__(self) -> None:
        """Remember nothing yet."""
        self.asked: list[Asked] = []
        self._runner: web.AppRunner | None = None
        self._port = 0

    @property
    def address(self) -> str:
        """Return where the server listens, as a URL without a path."""
        return f"http://127.0.0.1:{self._port}"

    async def start(self, port: int = 0) -> None:
        """Listen on the loopback; without a port, on one that is free."""
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Listen no more."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        """Write a request down, then answer it."""
        text = await request.text()
        self.asked.append(
            Asked(
                method=request.method,
                path=request.path,
                query=dict(request.query),
                headers=dict(request.headers),
                text=text,
            ),
        )
        return await self.answer(request, text)

    async def answer(self, request: web.Request, text: str) -> web.StreamResponse:
        """Answer as the page says."""
        raise NotImplementedError
