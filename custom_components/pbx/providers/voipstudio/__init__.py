"""Voipstudio."""

from .provider import VoipstudioProvider

__all__ = ["VoipstudioProvider"]
