"""The integration in a real Home Assistant, driven over its own API as a person and a phone system do."""
