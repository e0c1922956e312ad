"""Addresses as people type them for a host."""

import pytest

from custom_components.pbx.providers.addresses import typed_url


@pytest.mark.parametrize(
    ("typed", "scheme", "host", "port"),
    [
        ("pbx.example", "ami", "pbx.example", None),
        ("pbx.example:5040", "ami", "pbx.example", 5040),
        ("192.0.2.7", "ami", "192.0.2.7", None),
        ("2001:db8::7", "ami", "2001:db8::7", None),
        ("[2001:db8::7]:5040", "ami", "2001:db8::7", 5040),
        ("https://pbx.example:8443/admin", "https", "pbx.example", 8443),
    ],
)
def test_typed_hosts(typed: str, scheme: str, host: str, port: int | None) -> None:
    """A name or an address has the scheme that is asked for; a page has its own."""
    url = typed_url(typed, "ami")
    assert (url.scheme, url.host, url.explicit_port) == (scheme, host, port)


@pytest.mark.parametrize("typed", ["pbx:port", "http://[", "[2001:db8::7"])
def test_what_cannot_be_read(typed: str) -> None:
    """It is none, whoever asks says so."""
    with pytest.raises(ValueError, match=r".+"):
        typed_url(typed, "ami")
