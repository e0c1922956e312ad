"""Voxloud."""

from .provider import VoxloudProvider

__all__ = ["VoxloudProvider"]
