"""The phone systems this integration speaks to. Nothing in this package knows Home Assistant."""

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import override

from .base import Provider

# Most houses have one phone system: the clients of the others stay on the disk.


def _voipat() -> type[Provider]:
    """Return the client of VOIP@."""
    from .voipat.provider import VoipatProvider  # noqa: PLC0415

    return VoipatProvider


def _voipstudio() -> type[Provider]:
    """Return the client of VoIPstudio."""
    from .voipstudio.provider import VoipstudioProvider  # noqa: PLC0415

    return VoipstudioProvider


def _voipsun() -> type[Provider]:
    """Return the client of VoIPSUN."""
    from .voipsun.provider import VoipsunProvider  # noqa: PLC0415

    return VoipsunProvider


def _voxloud() -> type[Provider]:
    """Return the client of Voxloud."""
    from .voxloud.provider import VoxloudProvider  # noqa: PLC0415

    return VoxloudProvider


def _asterisk() -> type[Provider]:
    """Return the client of Asterisk."""
    from .asterisk.provider import AsteriskProvider  # noqa: PLC0415

    return AsteriskProvider


class Providers(MutableMapping[str, type[Provider]]):
    """The clients by their keys, each of which is loaded when it is first asked for.

    That reads files: whoever must not wait asks in a thread before.
    """

    def __init__(self, loaders: Mapping[str, Callable[[], type[Provider]]]) -> None:
        """Initialize without a client; `loaders` load them."""
        self._loaders = dict(loaders)

    @override
    def __getitem__(self, key: str) -> type[Provider]:
        """Return a client, loaded by now; raise KeyError for one that is not known."""
        return self._loaders[key]()

    @override
    def __setitem__(self, key: str, kind: type[Provider]) -> None:
        """Add a client, or put it in another's place."""
        self._loaders[key] = lambda: kind

    @override
    def __delitem__(self, key: str) -> None:
        """Take a client out."""
        del self._loaders[key]

    @override
    def __iter__(self) -> Iterator[str]:
        """Return the keys, in the order of the menu."""
        return iter(self._loaders)

    @override
    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._loaders)

    @override
    def __contains__(self, key: object) -> bool:
        """Return whether there is a client with a key, without loading it."""
        return key in self._loaders


PROVIDERS = Providers(
    {
        "voipat": _voipat,
        "voipstudio": _voipstudio,
        "voipsun": _voipsun,
        "voxloud": _voxloud,
        "asterisk": _asterisk,
    }
)
