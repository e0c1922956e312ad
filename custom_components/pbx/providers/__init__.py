"""The phone systems this integration speaks to. Nothing in this package knows Home Assistant."""

from .asterisk.provider import AsteriskProvider
from .base import Provider
from .voipat.provider import VoipatProvider
from .voipstudio.provider import VoipstudioProvider
from .voipsun.provider import VoipsunProvider
from .voxloud.provider import VoxloudProvider

PROVIDERS: dict[str, type[Provider]] = {
    provider.key: provider
    for provider in (
        VoipatProvider,
        VoipstudioProvider,
        VoipsunProvider,
        VoxloudProvider,
        AsteriskProvider,
    )
}
