"""Tones in G.711 µ-law, to tell who is heard by whom."""

import math
from collections.abc import Sequence
from functools import cache

RATE = 8000
PACKET = 160
"""How many samples a packet of 20 ms has."""
BIAS, CLIP, LOUD = 0x84, 32_635, 8000
CLEAR = 0.15
"""How much of the loudest tone there can be must be there for it to be heard."""


def encoded(sample: int) -> int:
    """Return a sample of 16 bits as µ-law."""
    sign = 0x80 if sample < 0 else 0
    size = min(abs(sample), CLIP) + BIAS
    exponent = size.bit_length() - 8
    return ~(sign | exponent << 4 | size >> exponent + 3 & 0x0F) & 0xFF


@cache
def decoded(byte: int) -> int:
    """Return a sample of 16 bits from µ-law."""
    bits = ~byte & 0xFF
    size = ((bits & 0x0F) << 3) + BIAS << (bits >> 4 & 0x07)
    return BIAS - size if bits & 0x80 else size - BIAS


@cache
def tone(frequency: int) -> bytes:
    """Return a second of a tone; for a whole number of cycles a second the end fits the beginning."""
    return bytes(encoded(round(LOUD * math.sin(math.tau * frequency * at / RATE))) for at in range(RATE))


def hears(heard: Sequence[int], frequency: int) -> bool:
    """Return whether a tone is in what was heard, which may be several at once."""
    if not heard:
        return False
    turn = math.tau * frequency / RATE
    real = sum(decoded(byte) * math.cos(turn * at) for at, byte in enumerate(heard))
    imaginary = sum(decoded(byte) * math.sin(turn * at) for at, byte in enumerate(heard))
    return math.hypot(real, imaginary) * 2 / len(heard) > CLEAR * LOUD
