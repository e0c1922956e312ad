"""VOIP@ Cloud: a FusionPBX behind one of two bridges, polled, with a socket that says when to look.

A call is known from the switch's channels, one per leg; the leg that began it gives it its id, and
`calls` puts the others with it. The socket and the webhook of the browser's phone (`push`) have ids
of their own, so a push and a list are matched by the parties of a call. `api` finds out which of
the two bridges answers, `extensions` who is there, `payload` reads single rows, `history` searches,
`commands` says which leg is meant, and `provider` brings them together.
"""

from .provider import VoipatProvider

__all__ = ["VoipatProvider"]
