"""Recordings that play: silence as real MP3, as long as a phone system would make it."""

# MPEG 2, layer III, 8 kbit/s, 22.05 kHz, one channel, nothing in it: 26 bytes for 26 milliseconds.
FRAME = b"\xff\xf3\x10\xc0" + bytes(22)


def mp3(size: int, name: int = 0) -> bytes:
    """Make a file of exactly so many bytes (at least 64), which differs from that of another name."""
    private = b"pbx\x00" + name.to_bytes(8, "big")
    tag = b"PRIV" + _syncsafe(len(private)) + b"\x00\x00" + private
    head = b"ID3\x04\x00\x00" + _syncsafe(len(tag)) + tag
    frames = (size - len(head)) // len(FRAME) + 1
    return (head + FRAME * frames)[:size]


def _syncsafe(number: int) -> bytes:
    """Write a length as ID3 does: seven bits in each byte."""
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))
