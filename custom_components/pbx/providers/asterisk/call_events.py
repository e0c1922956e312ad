"""The events of the manager interface that tell of channels, and so of calls."""

DIALS = frozenset({"DialBegin", "DialState", "DialEnd"})
PARKING = frozenset({"ParkedCall", "UnParkedCall", "ParkedCallGiveUp", "ParkedCallTimeOut"})
SPYING = frozenset({"ChanSpyStart"})
QUEUEING = frozenset({"QueueCallerJoin", "QueueCallerLeave", "QueueCallerAbandon"})
CONFERRING = frozenset({"ConfbridgeJoin", "ConfbridgeLeave", "MeetmeJoin", "MeetmeLeave"})
CHANGES = frozenset(
    {
        *(
            "Newchannel",
            "Newstate",
            "NewCallerid",
            "Rename",
            "Hangup",
            "BridgeEnter",
            "BridgeLeave",
        ),
        *("Hold", "Unhold", "ConfbridgeJoin", "ConfbridgeLeave", "MessageWaiting"),
    }
)
EVENTS = DIALS | PARKING | SPYING | QUEUEING | CONFERRING | CHANGES
"""The events that tell of channels."""
