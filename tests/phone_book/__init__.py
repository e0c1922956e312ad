"""Tests of the phone book."""
