"""The phone systems this integration speaks to. Nothing in this package knows Home Assistant."""
