"""The calls of an account: put together from polls and pushes."""
