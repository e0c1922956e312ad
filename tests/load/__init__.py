"""Accounts as large as phone systems allow: what they block, what they ask, and what they keep in memory."""
