"""The forms of the config flow: one per provider, and the options that fit it."""

from collections.abc import Mapping

import voluptuous as vol
from homeassistant.const import (
    CONF_API_KEY,
    CONF_CODE,
    CONF_COUNTRY,
    CONF_EMAIL,
    CONF_HOST,
    CONF_PASSWORD,
    CONF_PORT,
    CONF_SSL,
    CONF_URL,
    CONF_USERNAME,
    CONF_VERIFY_SSL,
)
from homeassistant.helpers.selector import (
    BooleanSelector,
    CountrySelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    ObjectSelector,
    ObjectSelectorConfig,
    ObjectSelectorField,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    TemplateSelector,
    TemplateSelectorConfig,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)

from .const import (
    CONF_ASSIST,
    CONF_ASSIST_NUMBERS,
    CONF_CALL_SLOTS,
    CONF_CALLER_PLACES,
    CONF_DIAL_ALLOW,
    CONF_DIAL_DENY,
    CONF_DIAL_EMERGENCY,
    CONF_DIAL_KINDS,
    CONF_DIAL_LIMIT,
    CONF_EXTENSIONS,
    CONF_FOLLOW,
    CONF_MASK_NUMBERS,
    CONF_MESSAGE_NUMBER,
    CONF_PHONES,
    CONF_PUSH,
    DEFAULT_CALL_SLOTS,
    DEFAULT_DIAL_LIMIT,
)
from .providers.base import Provider
from .telephony.models import Capability, Extension

CONF_CONFIGURATION = "configuration"
CONF_DOMAIN = "domain"
CONF_DIAL_CONTEXT = "dial_context"
CONF_RATE_PLAN = "rate_plan"
CONF_EXTENSION_NAMES = "extension_names"
CONF_NOTIFICATION_EMAIL = "notification_email"
CONF_USER_ID = "user_id"
CONF_WEBHOOK_USERNAME = "webhook_username"
CONF_WEBHOOK_PASSWORD = "webhook_password"  # noqa: S105
MAX_SLOTS = 20
MAX_DIAL_LIMIT = 100

TEXT = TextSelector()
TEXTS = TextSelector(TextSelectorConfig(multiple=True))
SECRET = TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD))
EMAIL = TextSelector(TextSelectorConfig(type=TextSelectorType.EMAIL))
ADDRESS = TextSelector(TextSelectorConfig(type=TextSelectorType.URL))
# An editor, for it is the one field that has a button to copy what is in it.
TO_COPY = TemplateSelector(TemplateSelectorConfig(read_only=True))
PORT = vol.All(
    NumberSelector(NumberSelectorConfig(min=1, max=65535, mode=NumberSelectorMode.BOX)),
    vol.Coerce(int),
)


FORMS: Mapping[str, vol.Schema] = {
    "voipat": vol.Schema(
        {
            vol.Required(CONF_URL, default="https://mt.voipat.com/pbxapi"): ADDRESS,
            vol.Required(CONF_API_KEY): SECRET,
            vol.Optional(CONF_DOMAIN): TEXT,
            vol.Required(CONF_VERIFY_SSL, default=True): BooleanSelector(),
        }
    ),
    "voipstudio": vol.Schema(
        {
            vol.Optional(CONF_API_KEY): SECRET,
            vol.Optional(CONF_USER_ID): TEXT,
            vol.Optional(CONF_EMAIL): EMAIL,
            vol.Optional(CONF_PASSWORD): SECRET,
            vol.Optional(CONF_URL, default="https://l7api.com/v1.2/voipstudio"): ADDRESS,
        }
    ),
    "voipsun": vol.Schema(
        {
            vol.Required(CONF_HOST): TEXT,
            vol.Optional(CONF_PORT): PORT,
            vol.Required(CONF_SSL, default=False): BooleanSelector(),
            vol.Required(CONF_VERIFY_SSL, default=True): BooleanSelector(),
            vol.Required(CONF_USERNAME): TEXT,
            vol.Required(CONF_PASSWORD): SECRET,
        }
    ),
    "voxloud": vol.Schema(
        {
            vol.Required(CONF_API_KEY): SECRET,
            vol.Optional(CONF_URL, default="https://developer.voxloud.com"): ADDRESS,
        }
    ),
    "asterisk": vol.Schema(
        {
            vol.Required(CONF_HOST): TEXT,
            vol.Optional(CONF_PORT): PORT,
            vol.Required(CONF_SSL, default=False): BooleanSelector(),
            vol.Required(CONF_VERIFY_SSL, default=True): BooleanSelector(),
            vol.Required(CONF_USERNAME): TEXT,
            vol.Required(CONF_PASSWORD): SECRET,
            vol.Optional(CONF_CONFIGURATION): TO_COPY,
        }
    ),
}

REAUTH_FIELDS: Mapping[str, vol.Schema] = {
    "voipat": vol.Schema({vol.Required(CONF_API_KEY): SECRET}),
    "voipstudio": vol.Schema(
        {
            vol.Optional(CONF_API_KEY): SECRET,
            vol.Optional(CONF_EMAIL): EMAIL,
            vol.Optional(CONF_PASSWORD): SECRET,
        }
    ),
    "voipsun": vol.Schema({vol.Required(CONF_USERNAME): TEXT, vol.Required(CONF_PASSWORD): SECRET}),
    "voxloud": vol.Schema({vol.Required(CONF_API_KEY): SECRET}),
    "asterisk": vol.Schema(
        {vol.Required(CONF_USERNAME): TEXT, vol.Required(CONF_PASSWORD): SECRET}
    ),
}

PHONES = ObjectSelector(
    ObjectSelectorConfig(
        fields={
            "user": ObjectSelectorField(selector=TEXT, required=True),
            "number": ObjectSelectorField(selector=TEXT),
            "name": ObjectSelectorField(selector=TEXT),
            "public": ObjectSelectorField(selector=TEXTS),
            "hidden": ObjectSelectorField(selector=BooleanSelector()),
        },
        multiple=True,
        label_field="user",
        description_field="number",
        translation_key=CONF_EXTENSION_NAMES,
    )
)

FOUND_PHONES = ObjectSelector(
    ObjectSelectorConfig(
        fields={
            "number": ObjectSelectorField(selector=TEXT, required=True),
            "name": ObjectSelectorField(selector=TEXT),
            "trunk": ObjectSelectorField(selector=BooleanSelector()),
            "hidden": ObjectSelectorField(selector=BooleanSelector()),
        },
        multiple=True,
        label_field="number",
        description_field="name",
        translation_key=CONF_PHONES,
    )
)

PHONES_TABLE = vol.Schema({vol.Optional(CONF_PHONES): FOUND_PHONES})

PHONES_FORM: Mapping[str, vol.Schema] = {
    "voipsun": vol.Schema({vol.Optional(CONF_EXTENSION_NAMES): PHONES}),
    "voipat": PHONES_TABLE,
    "asterisk": PHONES_TABLE,
}
"""What is asked about the phones that were found, where the phone system cannot tell."""

CODE_FORM = vol.Schema({vol.Required(CONF_CODE): TEXT})

PROVIDER_OPTIONS: Mapping[str, Mapping[vol.Marker, object]] = {
    "voipat": {
        vol.Optional(CONF_PHONES): FOUND_PHONES,
        vol.Optional(CONF_EXTENSIONS): TEXTS,
        vol.Optional(CONF_RATE_PLAN, default="automatic"): SelectSelector(
            SelectSelectorConfig(
                options=["automatic", "standard", "enterprise"], translation_key="rate_plan"
            )
        ),
    },
    "voipstudio": {
        vol.Optional(CONF_WEBHOOK_USERNAME): TEXT,
        vol.Optional(CONF_WEBHOOK_PASSWORD): SECRET,
    },
    "voipsun": {vol.Optional(CONF_EXTENSION_NAMES): PHONES},
    "voxloud": {vol.Optional(CONF_NOTIFICATION_EMAIL): EMAIL},
    "asterisk": {
        vol.Optional(CONF_PHONES): FOUND_PHONES,
        vol.Optional(CONF_DIAL_CONTEXT): TEXT,
    },
}


def options_form(kind: type[Provider], extensions: Mapping[str, Extension]) -> vol.Schema:
    """Return the form of the options that fit a provider."""
    fields: dict[vol.Marker, object] = {
        vol.Optional(CONF_COUNTRY): CountrySelector(),
        vol.Required(CONF_CALL_SLOTS, default=DEFAULT_CALL_SLOTS): NumberSelector(
            NumberSelectorConfig(min=1, max=MAX_SLOTS, mode=NumberSelectorMode.BOX)
        ),
        vol.Required(CONF_MASK_NUMBERS, default=False): BooleanSelector(),
        vol.Required(CONF_CALLER_PLACES, default=True): BooleanSelector(),
        vol.Optional(CONF_FOLLOW): SelectSelector(
            SelectSelectorConfig(
                options=[
                    SelectOptionDict(
                        value=extension.identity or number,
                        label=f"{number} {extension.name}".strip(),
                    )
                    for number, extension in extensions.items()
                ],
                multiple=True,
                custom_value=True,
            )
        ),
    }
    if Capability.WEBHOOK in kind.possible:
        fields[vol.Required(CONF_PUSH, default=True)] = BooleanSelector()
    fields |= {
        vol.Optional(CONF_DIAL_KINDS): SelectSelector(
            SelectSelectorConfig(
                options=[
                    "forwarding",
                    "carrier_selection",
                    "directory",
                    "premium",
                    "shared_cost",
                    "personal",
                    "satellite",
                    "islands",
                    "unknown_abroad",
                ],
                multiple=True,
                translation_key="dial_kind",
            )
        ),
        vol.Optional(CONF_DIAL_ALLOW): TEXTS,
        vol.Optional(CONF_DIAL_DENY): TEXTS,
        vol.Required(CONF_DIAL_EMERGENCY, default=False): BooleanSelector(),
        vol.Required(CONF_DIAL_LIMIT, default=DEFAULT_DIAL_LIMIT): NumberSelector(
            NumberSelectorConfig(min=1, max=MAX_DIAL_LIMIT, mode=NumberSelectorMode.BOX)
        ),
    }
    if Capability.SEND_SMS in kind.possible:
        fields[vol.Optional(CONF_MESSAGE_NUMBER)] = TEXT
    fields[vol.Required(CONF_ASSIST, default=False)] = BooleanSelector()
    fields[vol.Optional(CONF_ASSIST_NUMBERS)] = TEXTS
    fields |= PROVIDER_OPTIONS[kind.key]
    return vol.Schema(fields)
