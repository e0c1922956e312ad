"""PBX: the phone systems of several providers in Home Assistant."""
