"""Tests of PBX for Home Assistant."""
