"""In the place of a library that has no wheel for this Python: without it the list of actions cannot be loaded."""


class AudioProcessor:
    """Clean no sound; there is none here."""
