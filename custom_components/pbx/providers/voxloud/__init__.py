"""Voxloud: webhooks that are subscribed by API, calls through stored click-to-call objects.

Its calls cannot be asked for: all that is known of one is pushed, under the id that its record has
later (`push`, `history`). `payload` reads rows, `contacts` and `dialing` change what the account
keeps, and `provider` brings them together.
"""

from .provider import VoxloudProvider

__all__ = ["VoxloudProvider"]
