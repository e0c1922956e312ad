"""Tests of VoIPstudio."""
