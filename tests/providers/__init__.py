"""Tests of the providers: pure, fast, without Home Assistant."""
