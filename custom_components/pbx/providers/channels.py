"""Which channels of an Asterisk are no calls, for every provider that is shown its channels.

Asterisk makes a channel for whatever takes part in its media: phones and trunks, but also what
plays an announcement to a conference, records a bridge, passes a text message on, or holds the
place of a channel that is being moved. The list of channels shows them all alike, with the
numbers of whoever they work for. Taken for calls they ring, are missed, or never end.

    =========  ===================================  ==================================
    kind       examples                             what it is
    =========  ===================================  ==================================
    line       `PJSIP/101-00000001`, `DAHDI/1-1`    a phone's or a trunk's end of a call
    glue       `Local/101@internal-00000001;1`      joins two channels; no end of a call
    internal   `Message/ast_msg_queue`,             a part of Asterisk, or the remains of
               `CBAnn/500-00000001;2`,              a channel that was moved: no call at
               `SIP/101-00000001<ZOMBIE>`,          all
               `AsyncGoto/SIP/101-00000001`
    =========  ===================================  ==================================

The names are those of Asterisk's own channel technologies and of the channels it makes to move
others (releases 1.8 to 23). A technology that is not in the table is a line: trunks come with
drivers of their own, and to hide a real call is worse than to show one too many. A name that
wraps another channel's name is internal whatever it begins with.
"""

import re
from enum import StrEnum


class ChannelKind(StrEnum):
    """What a channel has to do with calls."""

    LINE = "line"
    GLUE = "glue"
    INTERNAL = "internal"


GLUE = frozenset({"agent", "local"})

INTERNAL = frozenset(
    {
        "announcer",  # plays to a bridge of ARI
        "asyncgoto",  # takes a channel's place while it is redirected
        "audiosocket",  # media of a program
        "bridge",  # holds two channels that were put together from outside
        "cbann",  # plays to a conference
        "cbrec",  # records a conference
        "confbridgeannouncer",
        "confbridgerecorder",
        "message",  # passes text messages on; lives until Asterisk is restarted
        "multicastrtp",  # paging without a call
        "null",
        "outgoingspoolfailed",  # a call from the spool that never began
        "parked",  # takes a channel's place while it is parked
        "recorder",  # records a bridge of ARI
        "snoop",  # listens to a channel for ARI
        "surrogate",  # takes a channel's place while it is pulled out of an application
        "transfered",  # takes a channel's place while it is transferred; Asterisk's spelling
        "unicastrtp",  # media of a program
        "websocket",  # media of a program
    }
)

SPYING = frozenset({"chanspy", "extenspy"})

_MOVED = re.compile(r"<[a-z]+>$", re.IGNORECASE)
# `DAHDI/i1/5551234-1` is an ISDN line: only the name of a technology inside a name is one too many.
_WRAPPED = re.compile(
    r"[^/]+/(?:pjsip|sip|iax2|dahdi|zap|local|sccp|skinny|mgcp|h323|ooh323|agent)/", re.IGNORECASE
)
_PSEUDO = re.compile(r"(?:dahdi|zap)/pseudo\b", re.IGNORECASE)


def channel_kind(name: str, application: str = "") -> ChannelKind:
    """Return what a channel has to do with calls.

    `name` is the channel's name as Asterisk writes it. `application` is the dialplan application
    that it runs, where that is known: a supervisor who listens in is on the telephone, but takes
    part in no call of his own.
    """
    name = name.strip()
    technology = name.partition("/")[0].lower()
    if not name or _MOVED.search(name) or technology in INTERNAL:
        return ChannelKind.INTERNAL
    if technology in GLUE:
        return ChannelKind.GLUE
    if _WRAPPED.match(name) or _PSEUDO.match(name):
        return ChannelKind.INTERNAL
    return ChannelKind.INTERNAL if application.lower() in SPYING else ChannelKind.LINE


def is_line(name: str, application: str = "") -> bool:
    """Return whether a channel is an end of a call: of a phone or of a trunk."""
    return channel_kind(name, application) is ChannelKind.LINE
