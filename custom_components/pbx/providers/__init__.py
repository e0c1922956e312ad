"""The phone systems this integration speaks to. Nothing in this package knows Home Assistant."""

from .base import Provider
from .voipstudio import VoipstudioProvider
from .voipsun import VoipsunProvider

PROVIDERS: dict[str, type[Provider]] = {provider.key: provider for provider in (VoipstudioProvider, VoipsunProvider)}
