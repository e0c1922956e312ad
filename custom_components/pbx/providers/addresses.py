"""Addresses as people type them for a host: a name, an IP address, or where a page is."""

from yarl import URL


def typed_url(typed: str, scheme: str) -> URL:
    """Return what was typed as a URL, of this scheme where it names none.

    An IPv6 address needs no brackets. Raise ValueError for what cannot be read.
    """
    if "://" in typed:
        return URL(typed)
    host = f"[{typed}]" if typed.count(":") > 1 and "[" not in typed else typed
    return URL(f"{scheme}://{host}")
