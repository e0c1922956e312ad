"""VoIPstudio: polled by REST, pushed by a webhook that a person pastes, commanded by REST.

A call is known by the ids of its rows: legs below one parent are one call (`calls`). Pushes have
the same ids, but each tells of one leg only (`push`). `payload` reads rows and remembers who is
who, `history` and `contacts` search, `queues` and `keys` change what the account keeps, `commands`
writes numbers the way VoIPstudio takes them, and `provider` brings them together.
"""

from .provider import VoipstudioProvider

__all__ = ["VoipstudioProvider"]
