"""The client of Asterisk and FreePBX."""
