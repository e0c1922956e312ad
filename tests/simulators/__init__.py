"""Simulated phone systems on loopback HTTP: one per provider, written from its contract."""
