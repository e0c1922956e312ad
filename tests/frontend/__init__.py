"""Tests of the front end's scripts."""
