"""Tests of the front end, as far as Home Assistant is concerned."""
