"""How pushes come in."""
