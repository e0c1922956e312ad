"""What goes wrong at a phone system, in Home Assistant's words: each error, for commands and for polls."""

from collections.abc import Mapping
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryAuthFailed, HomeAssistantError, ServiceValidationError
from homeassistant.helpers.translation import async_get_translations
from homeassistant.helpers.update_coordinator import UpdateFailed
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.pbx.const import DOMAIN
from custom_components.pbx.errors import command_errors, poll_errors
from custom_components.pbx.telephony.errors import (
    AuthError,
    BadPayloadError,
    CertificateError,
    ConnectError,
    InvalidInputError,
    NotFoundError,
    ProviderError,
    RateLimitError,
    RefusedError,
    SecondFactorError,
    UnknownOutcomeError,
    UnsupportedError,
)

NAME = "Fake PBX"
CANARY = "canary-4711"


@pytest.fixture
def entry(hass: HomeAssistant) -> MockConfigEntry:
    """Give an account that is not set up."""
    made = MockConfigEntry(domain=DOMAIN, title="House", data={"provider": "voxloud"})
    made.add_to_hass(hass)
    return made


async def async_worded(hass: HomeAssistant, error: HomeAssistantError) -> str:
    """Give what a person reads."""
    texts = await async_get_translations(hass, "en", "exceptions", {DOMAIN})
    assert error.translation_domain == DOMAIN
    text = texts[f"component.{DOMAIN}.exceptions.{error.translation_key}.message"]
    return text.format(**error.translation_placeholders or {})


def raised(hass: HomeAssistant, entry: MockConfigEntry, error: Exception) -> HomeAssistantError:
    """Give what a command's error becomes."""
    with pytest.raises(HomeAssistantError) as caught, command_errors(hass, entry, NAME):
        raise error
    assert caught.value.__cause__ is error
    return caught.value


@pytest.mark.parametrize(
    ("error", "kind", "key", "placeholders"),
    [
        (AuthError(CANARY), HomeAssistantError, "invalid_auth", {}),
        (ConnectError(CANARY), HomeAssistantError, "cannot_connect", {}),
        (CertificateError(CANARY), HomeAssistantError, "certificate", {}),
        (UnknownOutcomeError(CANARY), HomeAssistantError, "unknown_outcome", {}),
        (RateLimitError(12.4), HomeAssistantError, "rate_limited", {"seconds": "12"}),
        (RateLimitError(), HomeAssistantError, "rate_limited", {"seconds": "60"}),
        (RefusedError("Busy", "7"), HomeAssistantError, "refused", {"reason": "other", "code": "7", "answer": "Busy"}),
        (
            NotFoundError("Gone", "404"),
            HomeAssistantError,
            "not_found",
            {"reason": "gone", "code": "404", "answer": "Gone"},
        ),
        (UnsupportedError("spy"), ServiceValidationError, "unsupported", {"action": "spy"}),
        (
            UnsupportedError("dial", "context"),
            ServiceValidationError,
            "unsupported_field",
            {"action": "dial", "field": "context"},
        ),
        (InvalidInputError("number"), ServiceValidationError, "invalid_value", {"field": "number", "value": ""}),
        (BadPayloadError(CANARY), HomeAssistantError, "cannot_connect", {}),
        (SecondFactorError(CANARY), HomeAssistantError, "cannot_connect", {}),
        (ProviderError(CANARY), HomeAssistantError, "cannot_connect", {}),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
async def test_command(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    error: ProviderError,
    kind: type[HomeAssistantError],
    key: str,
    placeholders: Mapping[str, str],
) -> None:
    """Wrong input is told from a phone system that says no or is away; each has its words, and none a secret."""
    found = raised(hass, entry, error)
    assert type(found) is kind
    assert found.translation_key == key
    assert found.translation_placeholders == {"provider": NAME, **placeholders}
    text = await async_worded(hass, found)
    for_programs = {"reason", "code"}
    assert all(value in text for name, value in placeholders.items() if name not in for_programs)
    assert CANARY not in text
    await hass.async_block_till_done()


@pytest.mark.parametrize(
    "problem",
    [
        "invalid_value",
        "invalid_number",
        "required",
        "out_of_range",
        "conflict",
    ],
)
async def test_every_problem_has_words(hass: HomeAssistant, entry: MockConfigEntry, problem: str) -> None:
    """Whatever a provider finds wrong with a field is said."""
    found = raised(hass, entry, InvalidInputError("some_field", problem))
    assert isinstance(found, ServiceValidationError)
    assert "some_field" in await async_worded(hass, found)


@pytest.mark.parametrize("problem", ["unknown_extension", "unknown_agent", "unknown_queue", "not_a_member"])
async def test_what_was_not_found_is_named(hass: HomeAssistant, entry: MockConfigEntry, problem: str) -> None:
    """A person reads what was not found, and a log that has only the provider's words does not have it."""
    error = InvalidInputError("some_field", problem, value="Reception 7")
    found = raised(hass, entry, error)
    assert isinstance(found, ServiceValidationError)
    assert "Reception 7" in await async_worded(hass, found)
    assert "Reception 7" not in str(error)


async def test_wrong_credentials_ask_for_new_ones(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """A command that is refused for its credentials starts the sign-in, once."""
    for _ in range(2):
        raised(hass, entry, AuthError())
        await hass.async_block_till_done()
    (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert flow["context"]["source"] == "reauth"


@pytest.mark.parametrize("error", [ConnectError(), RefusedError("no"), RateLimitError()])
async def test_nothing_else_asks_for_credentials(
    hass: HomeAssistant, entry: MockConfigEntry, error: ProviderError
) -> None:
    """A phone system that is away or says no has nothing against the credentials."""
    raised(hass, entry, error)
    await hass.async_block_till_done()
    assert hass.config_entries.flow.async_progress_by_handler(DOMAIN) == []


@pytest.mark.parametrize(
    ("error", "kind", "key", "more", "wait"),
    [
        (AuthError(CANARY), ConfigEntryAuthFailed, "invalid_auth", {}, None),
        (ConnectError(CANARY), UpdateFailed, "cannot_connect", {}, None),
        (UnknownOutcomeError(CANARY), UpdateFailed, "cannot_connect", {}, None),
        (RateLimitError(12.4), UpdateFailed, "rate_limited", {"seconds": "12"}, 12.4),
        (RateLimitError(), UpdateFailed, "rate_limited", {"seconds": "60"}, 60),
        (
            RefusedError("Closed", "7"),
            UpdateFailed,
            "refused",
            {"reason": "other", "code": "7", "answer": "Closed"},
            None,
        ),
        (NotFoundError("Gone"), UpdateFailed, "not_found", {"reason": "gone", "code": "", "answer": "Gone"}, None),
        (UnsupportedError("calls"), UpdateFailed, "cannot_connect", {}, None),
        (BadPayloadError(CANARY), UpdateFailed, "cannot_connect", {}, None),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
async def test_poll(
    hass: HomeAssistant,
    error: ProviderError,
    kind: type[HomeAssistantError],
    key: str,
    more: Mapping[str, str],
    wait: float | None,
) -> None:
    """Only wrong credentials end the polls; too many requests slow them down; each has its words."""
    with pytest.raises(HomeAssistantError) as caught, poll_errors(NAME):
        raise error
    found = caught.value
    assert type(found) is kind
    assert found.__cause__ is error
    assert found.translation_key == key
    assert found.translation_placeholders == {"provider": NAME, **more}
    assert getattr(found, "retry_after", None) == (wait and pytest.approx(wait + 0.5, abs=0.5))
    text = await async_worded(hass, found)
    assert NAME in text
    assert CANARY not in text


@pytest.mark.parametrize("bug", [ValueError("x"), KeyError("x"), TimeoutError()])
async def test_bugs_stay_bugs(hass: HomeAssistant, entry: MockConfigEntry, bug: Exception) -> None:
    """What is no error of a phone system is not disguised as one."""
    contexts: list[Any] = [command_errors(hass, entry, NAME), poll_errors(NAME)]
    for context in contexts:
        with pytest.raises(type(bug)), context:
            raise bug


async def test_success_passes(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Where nothing goes wrong nothing is raised."""
    done = []
    with command_errors(hass, entry, NAME), poll_errors(NAME):
        done.append(1)
    assert done == [1]
