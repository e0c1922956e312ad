"""Modules that Home Assistant finds in the place of what cannot be installed here."""
