"""The secrets of an account in its forms: never shown, and kept where a field is left empty."""

import re
from collections.abc import Mapping
from typing import Any

import voluptuous as vol
from homeassistant.const import CONF_EMAIL, CONF_HOST, CONF_PASSWORD, CONF_URL

from .providers.base import Provider

USER_INFO = re.compile(r"^([a-z]+://)?[^/]*@", re.IGNORECASE)


def with_kept_secrets(
    form: vol.Schema, kind: type[Provider], known: Mapping[str, Any]
) -> vol.Schema:
    """Return a form that may be sent without the secrets that are stored."""
    stored = {key for key in kind.settings_type.secrets() if known.get(key)}
    return vol.Schema(
        {
            vol.Optional(marker.schema) if str(marker) in stored else marker: field
            for marker, field in form.schema.items()
        }
    )


def kept_secrets(
    kind: type[Provider], known: Mapping[str, Any], typed: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the stored secrets that were left empty; none where other credentials were typed.

    What the form showed and nobody has changed is none of those.
    """
    secrets = kind.settings_type.secrets()
    for key in (*secrets, CONF_EMAIL, CONF_PASSWORD):
        if typed.get(key) and typed[key] != known.get(key):
            return {}
    return {key: known[key] for key in secrets if known.get(key)}


def without_secrets(kind: type[Provider], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values without what only their owner may see, also where it is in an address."""
    secrets = kind.settings_type.secrets()
    shown = {key: value for key, value in values.items() if key not in secrets}
    addresses = {
        key: USER_INFO.sub(r"\1", shown[key]) for key in (CONF_URL, CONF_HOST) if shown.get(key)
    }
    return shown | addresses
