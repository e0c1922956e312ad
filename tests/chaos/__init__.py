"""Random calls while the network misbehaves: what Home Assistant shows afterwards must be the truth."""
