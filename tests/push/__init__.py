"""Tests of how pushes come in."""
