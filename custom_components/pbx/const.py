"""What two or more files share."""

import logging
from typing import Final

from homeassistant.const import Platform

DOMAIN: Final = "pbx"
LOGGER: Final = logging.getLogger(__package__)

PLATFORMS: Final = [
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.EVENT,
    Platform.NOTIFY,
    Platform.SENSOR,
    Platform.SWITCH,
    Platform.TEXT,
]

EVENT_PBX: Final = f"{DOMAIN}_event"
EVENT_ACTIVITY: Final = f"{DOMAIN}_activity"

CONF_PROVIDER: Final = "provider"
CONF_CALL_SLOTS: Final = "call_slots"
CONF_MASK_NUMBERS: Final = "mask_numbers"
CONF_PUSH: Final = "push"
CONF_EXTENSIONS: Final = "extensions"
CONF_FOLLOW: Final = "follow_extensions"
CONF_ASSIST: Final = "assist"
CONF_CALLER_PLACES: Final = "caller_places"
CONF_ASSIST_NUMBERS: Final = "assist_numbers"
CONF_PHONES: Final = "phones"
CONF_PHONES_COMPLETED: Final = "phones_completed"
CONF_MESSAGE_NUMBER: Final = "message_number"
CONF_DIAL_KINDS: Final = "dial_kinds"
CONF_DIAL_ALLOW: Final = "dial_allow"
CONF_DIAL_DENY: Final = "dial_deny"
CONF_DIAL_EMERGENCY: Final = "dial_emergency"
CONF_DIAL_LIMIT: Final = "dial_limit"
CONF_CLOUDHOOK_URL: Final = "cloudhook_url"
CONF_PINNED_ACCOUNT: Final = "pinned_account"
CONF_WEBHOOK_URL: Final = "webhook_url"
CONF_FORMER_URLS: Final = "former_urls"
CONF_OLD_WEBHOOKS: Final = "old_webhooks"
CONF_PASTE_AGAIN: Final = "paste_again"
CONF_ORIGINAL_WEBHOOK: Final = "original_webhook"
CONF_CREATED_OBJECTS: Final = "created_objects"
CONF_WRITTEN_AGAIN: Final = "written_again"
CONF_DIALLED: Final = "dialled"
CONF_SHOWN: Final = "shown"

ATTR_AGENT: Final = "agent"
ATTR_CALL_ID: Final = "call_id"
ATTR_CALLER_ID: Final = "caller_id_number"
ATTR_CONFIG_ENTRY_ID: Final = "config_entry_id"
ATTR_DIAL_FIRST: Final = "dial_first"
ATTR_EXPECTED_STATE: Final = "expected_state"
ATTR_EXTENSION: Final = "extension"
ATTR_NUMBER: Final = "number"
ATTR_PIN: Final = "pin"
ATTR_QUEUE: Final = "queue"
ATTR_REASON: Final = "reason"
ATTR_TARGET_EXTENSION: Final = "target_extension"

SUBENTRY_SPEED_DIAL: Final = "speed_dial"
SUBENTRY_AGENT: Final = "agent"
SUBENTRY_QUEUE: Final = "queue"

DEFAULT_CALL_SLOTS: Final = 4
DEFAULT_DIAL_LIMIT: Final = 10
MANY_EXTENSIONS: Final = 200
MAX_ENABLED_ENTITIES: Final = 9_000
