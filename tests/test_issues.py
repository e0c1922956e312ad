"""Repair issues: one of a kind for each account, and gone with it."""

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from custom_components.pbx import issues
from custom_components.pbx.const import DOMAIN

from .fake_provider import fake_config_entry


def reported(hass: HomeAssistant) -> set[str]:
    """List the ids of the integration's issues."""
    return {issue_id for domain, issue_id in ir.async_get(hass).issues if domain == DOMAIN}


@pytest.mark.parametrize(
    ("key", "fixable"),
    [
        (issues.ISSUE_MISSING_PERMISSION, False),
        (issues.ISSUE_TOO_MANY_ENTITIES, False),
        (issues.ISSUE_WEBHOOK_DISABLED, True),
        (issues.ISSUE_WEBHOOK_NO_URL, True),
        (issues.ISSUE_WEBHOOK_REFUSED, True),
    ],
)
async def test_one_of_a_kind(hass: HomeAssistant, key: str, fixable: bool) -> None:  # noqa: FBT001
    """An issue that is created again is the same one with other words; what can be mended knows its account."""
    entry = fake_config_entry("house")
    for provider in ("One", "Two"):
        issues.async_create(hass, entry, key, provider=provider)
    assert reported(hass) == {f"{key}_entry_house"}
    issue = ir.async_get(hass).async_get_issue(DOMAIN, f"{key}_entry_house")
    assert issue is not None
    assert issue.translation_key == key
    assert issue.translation_placeholders == {"title": "House", "provider": "Two"}
    assert issue.is_fixable is fixable
    assert issue.data == ({"entry_id": "entry_house", "issue": key} if fixable else None)

    issues.async_delete(hass, entry, key)
    issues.async_delete(hass, entry, key)
    assert reported(hass) == set()


async def test_they_go_with_the_account(hass: HomeAssistant) -> None:
    """Those of another account stay, also of one whose id ends alike."""
    for account in ("house", "warehouse"):
        entry = fake_config_entry(account)
        issues.async_create(hass, entry, issues.ISSUE_WEBHOOK_DISABLED, provider="P")
        issues.async_create(hass, entry, issues.ISSUE_MISSING_PERMISSION, provider="P", permissions="calls")
    issues.async_delete_all(hass, fake_config_entry("house"))
    assert reported(hass) == {"webhook_disabled_entry_warehouse", "missing_permission_entry_warehouse"}
