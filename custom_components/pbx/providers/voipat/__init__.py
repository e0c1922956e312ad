"""Voipat."""

from .provider import VoipatProvider

__all__ = ["VoipatProvider"]
