"""Rows as VOIP@ writes them, for the tests of what is read."""

from hypothesis import strategies as st

from custom_components.pbx.providers.voipat.payload import (
    Tenant,
)
from custom_components.pbx.telephony.models import CallState, Direction

DOMAIN = "pbx.example.com"


TENANT = Tenant(domain=DOMAIN, country="IT", extensions=frozenset({"1001", "1002", "1003"}), complete=True)


A, B, C, D, X = (f"{letter * 8}-0000-4000-8000-{letter * 12}" for letter in "abcdf")


OUTSIDE, OTHER_OUTSIDE = "+390612345678", "+390698765432"


DIALING, RINGING, TALKING, ON_HOLD = CallState.DIALING, CallState.RINGING, CallState.TALKING, CallState.ON_HOLD


INCOMING, OUTGOING, INTERNAL = Direction.INCOMING, Direction.OUTGOING, Direction.INTERNAL


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from([A, B, C, D, X, "", "inbound", "outbound", "1001", f"1001@{DOMAIN}", DOMAIN, OUTSIDE]),
    st.sampled_from(["DOWN", "RINGING", "EARLY", "ACTIVE", "HELD", "UNHELD", "RING_WAIT", "HANGUP"]),
    st.sampled_from(["loopback/1002-a", "loopback/1002-b", "loopback/", "sofia/internal/1001@pbx.example.com"]),
    st.text(max_size=12),
    st.lists(st.integers(), max_size=2),
)
