"""Asterisk and FreePBX: one connection to the manager interface (AMI), over which all is pushed."""
