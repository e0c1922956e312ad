"""The events of the manager interface that tell of channels, and so of calls."""

DIALS = frozenset({"DialBegin", "DialState", "DialEnd"})
PARKING = frozenset({"ParkedCall", "UnParkedCall", "ParkedCallGiveUp", "ParkedCallTimeOut"})
SPYING = frozenset({"ChanSpyStart"})
QUEUEING = frozenset({"QueueCallerJoin", "QueueCallerLeave", "QueueCallerAbandon"})
CHANGES = frozenset(
    {
        *("Newchannel", "Newstate", "Rename", "Hangup", "BridgeEnter", "BridgeLeave"),
        *("Hold", "Unhold", "ConfbridgeJoin", "ConfbridgeLeave", "MessageWaiting"),
    }
)
EVENTS = DIALS | PARKING | SPYING | QUEUEING | CHANGES
"""The events that tell of channels."""
