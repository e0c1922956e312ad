"""A real Asterisk to test against: started without privileges, called with phones written in Python."""
