"""Tests of the neutral words."""
