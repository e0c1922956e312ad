"""What a client knows of its account: one class each, whose names are those of the forms and of the entry."""

from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from custom_components.pbx.const import CONF_CREATED_OBJECTS
from custom_components.pbx.forms import FORMS, PROVIDER_OPTIONS, REAUTH_FIELDS
from custom_components.pbx.providers import PROVIDERS
from custom_components.pbx.providers.settings import Settings
from custom_components.pbx.telephony.errors import InvalidInputError

KINDS = sorted(PROVIDERS)
NOT_OURS = {"verify_ssl", "configuration", "phones"}  # the session's, what is copied, and the directory's
CANARY = "canary-7f3a"


def settings_of(provider: str) -> type[Settings]:
    """Give the class of a client's settings."""
    return PROVIDERS[provider].settings_type


@pytest.mark.parametrize("provider", KINDS)
def test_what_the_forms_ask_for_is_read(provider: str) -> None:
    """Nothing is asked for that no client reads."""
    forms: list[Any] = [FORMS[provider].schema, REAUTH_FIELDS[provider].schema, PROVIDER_OPTIONS[provider]]
    asked = {str(key) for form in forms for key in form}
    assert asked - NOT_OURS <= settings_of(provider).names()


def test_what_is_kept_for_the_clients_is_read() -> None:
    """The names under which the layers above keep things are names that clients read."""
    names = set().union(*(settings_of(provider).names() for provider in KINDS))
    assert {CONF_CREATED_OBJECTS, "known_extensions", "country"} <= names


@pytest.mark.parametrize("provider", KINDS)
def test_secrets_are_not_shown(provider: str) -> None:
    """What is entered in a field for secrets is no part of the repr, and is not filled into a form."""
    kind = settings_of(provider)
    secrets = {
        str(key)
        for form in (FORMS[provider].schema, PROVIDER_OPTIONS[provider])
        for key, selector in form.items()
        if getattr(selector, "config", {}).get("type") == "password"
    }
    assert secrets
    assert secrets <= kind.secrets()
    values = dict.fromkeys(kind.secrets(), CANARY)
    assert CANARY not in repr(kind.read(values))
    assert CANARY not in str(kind.show_options({**values, "call_slots": 4}))


@pytest.mark.parametrize("provider", KINDS)
def test_nothing_kept(provider: str) -> None:
    """Every setting has a value where nothing is kept; what belongs to others is passed over."""
    kind = settings_of(provider)
    nothing = dict.fromkeys(kind.names())
    assert kind.read({}) == kind.read(nothing) == kind.read({"webhook_id": "abc", "provider": provider})
    with pytest.raises(FrozenInstanceError):
        kind.read({}).country = "IT"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("provider", "name", "value"),
    [
        ("voipat", "url", 7),
        ("voipat", "api_key", ["k"]),
        ("voipstudio", "password", 7),
        ("voipstudio", "country", {}),
        ("voipsun", "port", "8080x"),
        ("voipsun", "port", 80.5),
        ("voipsun", "port", float("nan")),
        ("voipsun", "port", float("inf")),
        ("voipsun", "port", True),
        ("voipsun", "ssl", "yes"),
        ("voxloud", "account_id", 117),
    ],
)
def test_junk(provider: str, name: str, value: object) -> None:
    """A value of another kind is refused, and the field is named; the value itself is not."""
    kind = settings_of(provider)
    for read in (kind.read, kind.read({}).updated):
        with pytest.raises(InvalidInputError) as caught:
            read({name: value})
        assert (caught.value.field, caught.value.problem) == (name, "invalid_value")
        assert str(caught.value) == f"{name}: invalid_value"


@pytest.mark.parametrize(
    ("provider", "name", "value", "read"),
    [
        ("voipat", "url", " pbx ", "pbx"),
        ("voipat", "country", "it", "IT"),
        ("voipat", "extensions", ["101, 102", "103;x y"], ("101", "102", "103", "x", "y")),
        ("voipat", "extensions", "101 102", ("101", "102")),
        ("voipat", "known_extensions", ("7",), ("7",)),
        ("voipat", "extensions", {"101": 1}, ()),
        ("voipstudio", "password", " p ", " p "),
        ("voipstudio", "webhook_password", " p ", "p"),
        ("voipstudio", "created_objects", ["a", None, ""], ("a",)),
        ("voipstudio", "created_objects", "a", ()),
        ("voipsun", "port", 8080.0, 8080),
        ("voipsun", "port", "8080", 8080),
        ("voipsun", "password", " p ", " p "),
        ("voipsun", "ssl", True, True),
        ("voxloud", "created_objects", ["../x", None, 7, "ok"], ("7", "ok")),
    ],
)
def test_values(provider: str, name: str, value: object, read: object) -> None:
    """Texts lose the blanks around them, but for passwords; lists are read with care."""
    kind = settings_of(provider)
    assert getattr(kind.read({name: value}), name) == read
    assert getattr(kind.read({}).updated({name: value}), name) == read


def test_what_was_found_out_is_added() -> None:
    """The others stay."""
    before = settings_of("voxloud").read({"api_key": "k", "company": "Keller", "country": "IT"})
    after = before.updated({"account_id": "117", "webhook_id": "abc"})
    assert after == settings_of("voxloud").read(
        {"api_key": "k", "company": "Keller", "country": "IT", "account_id": "117"}
    )
    assert after.updated({}) == after


@pytest.mark.parametrize("provider", [kind for kind in KINDS if "api_key" in settings_of(kind).names()])
@pytest.mark.parametrize("typed", ["canary\nkey", "canary\r\nkey", "canary\tkey", "canary\x00"])
def test_key_that_is_not_one_line(provider: str, typed: str) -> None:
    """A key that was pasted with a line break is an error on the key, not on the address."""
    kind = settings_of(provider)
    with pytest.raises(InvalidInputError) as raised:
        kind.read({"api_key": typed})
    assert raised.value.field == "api_key"
    assert kind.read({"api_key": " canary\n"}) == kind.read({"api_key": "canary"})
