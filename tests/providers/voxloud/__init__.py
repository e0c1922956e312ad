"""Tests of Voxloud."""
