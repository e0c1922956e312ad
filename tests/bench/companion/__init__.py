"""A custom component that only the bench's own Home Assistant has."""
