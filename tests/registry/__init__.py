"""Tests of the call registry."""
