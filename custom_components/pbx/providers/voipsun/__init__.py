"""VoIPSUN PBX: an Asterisk behind one PHP endpoint, polled; every request is a GET.

Calls are known from `listcalls`, a list of channels without anything that joins two of them. The
numbers, ages and states of the rows tell which belong together (`calls`), and the user's own list
tells which phone a SIP account is (`lines`). The shapes of the answers are not published, so
`payload` accepts several. `api` sends requests and reads a no, `commands` writes what a command
sends, `call_center` remembers agents and queues, and `provider` brings them together. Nothing is
pushed, and there is no history to ask for.
"""

from .provider import VoipsunProvider

__all__ = ["VoipsunProvider"]
