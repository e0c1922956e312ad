"""Tests of VOIP@ Cloud."""
