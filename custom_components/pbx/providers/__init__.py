"""The phone systems this integration speaks to. Nothing in this package knows Home Assistant."""

from .base import Provider
from .voipat import VoipatProvider
from .voipstudio import VoipstudioProvider
from .voipsun import VoipsunProvider
from .voxloud import VoxloudProvider

PROVIDERS: dict[str, type[Provider]] = {
    provider.key: provider for provider in (VoipatProvider, VoipstudioProvider, VoipsunProvider, VoxloudProvider)
}
