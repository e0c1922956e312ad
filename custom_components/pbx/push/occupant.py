"""The occupant of an address: which process of Home Assistant answers at the URL of a webhook.

A copy of a configuration, restored on another machine, has the same webhooks, and also the same
instance id. Only what is in the memory of a running process tells the two apart: a webhook answers
a challenge with a digest that no other process can make.
"""

import hmac
import re
import secrets

import aiohttp
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import async_create_clientsession
from homeassistant.util.hass_dict import HassKey
from yarl import URL

CHALLENGE = "pbx_challenge"
PATIENCE = aiohttp.ClientTimeout(total=10)

_SECRET: HassKey[bytes] = HassKey("pbx_process")
_QUESTION = re.compile(r"[0-9a-f]{32}")
_ANSWER = re.compile(rb"[0-9a-f]{64}")
_LONGEST = 64


@callback
def answer_to(hass: HomeAssistant, challenge: str) -> str | None:
    """Return what this process answers to a challenge; None for what is no challenge."""
    if not _QUESTION.fullmatch(challenge):
        return None
    secret = hass.data.setdefault(_SECRET, secrets.token_bytes(32))
    return hmac.new(secret, challenge.encode(), "sha256").hexdigest()


async def async_is_anothers(hass: HomeAssistant, url: str) -> bool:
    """Return whether another process of Home Assistant answers at the URL of a webhook.

    It is not when this one answers, and not when nobody does: a house that has moved.
    """
    challenge = secrets.token_hex(16)
    found = await _async_ask(hass, url, challenge)
    ours = answer_to(hass, challenge)
    if found is None or ours is None:
        return False
    return not hmac.compare_digest(found, ours.encode())


async def _async_ask(hass: HomeAssistant, url: str, challenge: str) -> bytes | None:
    """Return the digest that somebody answers at a URL; None if nobody does."""
    try:
        question = URL(url).update_query({CHALLENGE: challenge})
    except ValueError:
        return None
    # A certificate that has run out makes nobody's house empty, and nothing secret is sent.
    session = async_create_clientsession(
        hass, verify_ssl=False, auto_cleanup=False, cookie_jar=aiohttp.DummyCookieJar()
    )
    try:
        async with session.get(question, timeout=PATIENCE, allow_redirects=False) as response:
            body = await response.content.read(_LONGEST + 1)
    except aiohttp.ClientError, TimeoutError, ValueError:
        return None
    finally:
        session.detach()
    return body if _ANSWER.fullmatch(body) else None
