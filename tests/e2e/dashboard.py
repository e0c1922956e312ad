"""The dashboard of the demo, of core cards alone."""

from collections.abc import Sequence
from typing import Any

from .accounts import Account
from .client import Client

DASHBOARD = "phones-demo"


async def save_dashboard(client: Client, accounts: Sequence[Account[Any]]) -> None:
    """Make the dashboard of what is there."""
