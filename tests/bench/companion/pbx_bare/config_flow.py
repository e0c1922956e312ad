"""Home Assistant sets up no entry without such a module."""

from homeassistant.config_entries import ConfigFlow

from . import DOMAIN


class BareFlow(ConfigFlow, domain=DOMAIN):
    """Nobody adds an entry: the bench writes it down."""
