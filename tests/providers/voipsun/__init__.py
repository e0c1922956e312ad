"""Tests of VoIPSUN PBX."""
