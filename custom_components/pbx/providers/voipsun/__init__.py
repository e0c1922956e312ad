"""Voipsun."""

from .provider import VoipsunProvider

__all__ = ["VoipsunProvider"]
