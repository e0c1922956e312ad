"""Repair issues: the only place where they are created and deleted."""

from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import CONF_EXTENSIONS, CONF_PHONES, CONF_PHONES_COMPLETED, DOMAIN
from .telephony.models import Directory

ISSUE_COPY: Final = "copied_configuration"
ISSUE_FOREIGN_PUSHES: Final = "foreign_pushes"
ISSUE_INSECURE: Final = "insecure_address"
ISSUE_LONG_LIST: Final = "long_list"
ISSUE_MISSING_PERMISSION: Final = "missing_permission"
ISSUE_PASTE_AGAIN: Final = "paste_again"
ISSUE_TOO_MANY_ENTITIES: Final = "too_many_entities"
ISSUE_UNLISTED_PHONES: Final = "unlisted_phones"
ISSUE_WEBHOOK_DISABLED: Final = "webhook_disabled"
ISSUE_WEBHOOK_NO_URL: Final = "webhook_no_url"
ISSUE_WEBHOOK_REFUSED: Final = "webhook_refused"
ISSUE_WEBHOOK_SILENT: Final = "webhook_silent"

FIXABLE: Final = frozenset(
    {
        ISSUE_COPY,
        ISSUE_FOREIGN_PUSHES,
        ISSUE_UNLISTED_PHONES,
        ISSUE_WEBHOOK_DISABLED,
        ISSUE_WEBHOOK_NO_URL,
        ISSUE_WEBHOOK_REFUSED,
        ISSUE_WEBHOOK_SILENT,
    }
)


@callback
def async_create(hass: HomeAssistant, entry: ConfigEntry, key: str, **placeholders: str) -> None:
    """Create an issue of an account, or update the one with the same key.

    The title of the account is always among the placeholders of the issue's text.
    """
    fixable = key in FIXABLE
    ir.async_create_issue(
        hass,
        DOMAIN,
        _issue_id(entry, key),
        data={"entry_id": entry.entry_id, "issue": key} if fixable else None,
        is_fixable=fixable,
        is_persistent=False,  # else Home Assistant puts its words, with names, into diagnostics
        severity=ir.IssueSeverity.WARNING,
        translation_key=key,
        translation_placeholders={"title": entry.title, **placeholders},
    )


@callback
def async_report_directory(
    hass: HomeAssistant, entry: ConfigEntry, provider: str, directory: Directory
) -> None:
    """Report what the account may not read, and that its extensions cannot be listed.

    What needs a permission that is lacking is left out. That there is no list is reported until a
    person has said which extensions there are.
    """
    if missing := directory.missing_permissions:
        permissions = ", ".join(sorted(missing))
        async_create(
            hass, entry, ISSUE_MISSING_PERMISSION, provider=provider, permissions=permissions
        )
    else:
        async_delete(hass, entry, ISSUE_MISSING_PERMISSION)
    if directory.extensions is None:
        return
    said = entry.data.get(CONF_PHONES_COMPLETED) or entry.options.get(CONF_PHONES)
    if directory.can_be_listed or said or entry.options.get(CONF_EXTENSIONS):
        async_delete(hass, entry, ISSUE_UNLISTED_PHONES)
    else:
        async_create(hass, entry, ISSUE_UNLISTED_PHONES, provider=provider)


@callback
def async_delete(hass: HomeAssistant, entry: ConfigEntry, key: str) -> None:
    """Delete an issue of an account; do nothing if there is none."""
    ir.async_delete_issue(hass, DOMAIN, _issue_id(entry, key))


@callback
def async_delete_all(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Delete all issues of an account that is removed."""
    for domain, issue_id in list(ir.async_get(hass).issues):
        if domain == DOMAIN and issue_id.endswith(f"_{entry.entry_id}"):
            ir.async_delete_issue(hass, domain, issue_id)


def _issue_id(entry: ConfigEntry, key: str) -> str:
    """Return the id of an issue, which is unique among all accounts."""
    return f"{key}_{entry.entry_id}"
