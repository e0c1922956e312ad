"""Bad input: bodies of every kind, from valid ones on, for every parser of every provider."""
