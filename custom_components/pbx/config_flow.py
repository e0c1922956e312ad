"""The config flow: a menu of providers, a form for each, reauth and reconfigure."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, override

import voluptuous as vol
from homeassistant.components.webhook import async_generate_id
from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    SOURCE_USER,
    ConfigEntry,
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
    ConfigSubentryFlow,
)
from homeassistant.const import CONF_CODE, CONF_COUNTRY, CONF_VERIFY_SSL, CONF_WEBHOOK_ID
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.translation import async_get_translations

from .accounts import async_session, provider_of
from .const import (
    CONF_CLOUDHOOK_URL,
    CONF_PHONES,
    CONF_PINNED_ACCOUNT,
    CONF_PROVIDER,
    DOMAIN,
    LOGGER,
    SUBENTRY_AGENT,
    SUBENTRY_QUEUE,
    SUBENTRY_SPEED_DIAL,
)
from .form_errors import async_explain
from .forms import CODE_FORM, CONF_CONFIGURATION, FORMS, PHONES_FORM, REAUTH_FIELDS
from .migration import VERSION
from .options import shown_phones, stored_table
from .options_flow import PbxOptionsFlow
from .providers import PROVIDERS
from .providers.base import Provider
from .push.url import (
    addresses_to_paste,
    async_cloudhook_url,
    async_delete_cloudhook,
    external_url,
)
from .stored import async_ensure_stored
from .stored_secrets import kept_secrets, with_kept_secrets, without_secrets
from .subentries import AgentFlow, QueueFlow, SpeedDialFlow
from .telephony.errors import InvalidInputError, ProviderError, SecondFactorError
from .telephony.models import Account, Capability, Extension
from .trials import StreamTrial, Trial, WebhookTrial, described
from .webhook_page import CONF_TEST, Trouble, async_webhook_page, test_field

CONF_NONCE = "nonce"
FLOWS = "flows"


class PbxConfigFlow(ConfigFlow, domain=DOMAIN):
    """Set up one account of one provider."""

    VERSION = VERSION
    MINOR_VERSION = 1
    _tried: tuple[Account, Provider]

    def __init__(self) -> None:
        """Initialize the flow before a provider is chosen."""
        self._provider = ""
        self._unkept: Provider | None = None
        self._keeps = False
        self._typed: dict[str, Any] = {}
        self._nonce = ""
        self._trial: Trial | None = None
        self._trouble: Trouble | None = None
        self._waiting: asyncio.Task[None] | None = None
        self._settings: dict[str, Any] = {}
        self._options: dict[str, object] = {}
        self._found: tuple[Extension, ...] = ()
        self._configuration = ""

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> PbxOptionsFlow:
        """Return the flow for the options of an account."""
        return PbxOptionsFlow()

    @classmethod
    @callback
    @override
    def async_get_supported_subentry_types(
        cls, config_entry: ConfigEntry
    ) -> dict[str, type[ConfigSubentryFlow]]:
        """Return the flows for speed dials, and for what the phone system cannot list."""
        flows: dict[str, type[ConfigSubentryFlow]] = {SUBENTRY_SPEED_DIAL: SpeedDialFlow}
        kind = provider_of(config_entry)
        if kind is None:
            return {}
        capabilities = kind.possible
        if Capability.USER_AGENTS in capabilities:
            flows[SUBENTRY_AGENT] = AgentFlow
        if Capability.USER_QUEUES in capabilities:
            flows[SUBENTRY_QUEUE] = QueueFlow
        return flows

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Choose the provider."""
        return self.async_show_menu(step_id="user", menu_options=list(FORMS), sort=True)

    def __getattr__(self, name: str) -> Callable[..., Awaitable[ConfigFlowResult]]:
        """Return the step of a provider: the menu calls it by the provider's key."""
        key = name.removeprefix("async_step_")
        if key == name or key not in FORMS:
            raise AttributeError(name=name, obj=self)
        return partial(self._async_account_step, key)

    async def _async_account_step(
        self, provider: str, user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        """Ask for what a provider needs, and try it."""
        self._provider = provider
        form = FORMS[provider]
        kind = await self.hass.async_add_import_executor_job(PROVIDERS.__getitem__, provider)
        known: Mapping[str, Any] = {}
        errors: dict[str, str] = {}
        address = _own_address(self.hass)
        placeholders = {
            "provider": kind.name,
            "reason": "",
            "seconds": "",
            "manual": kind.manual,
            "note": "",
            "address": address,
        }
        if self.source == SOURCE_RECONFIGURE:
            known = self._get_reconfigure_entry().data
            form = with_kept_secrets(form, kind, known)
            placeholders["note"] = await _async_words(self.hass, "keep_secrets")
        if user_input is not None:
            user_input.pop(CONF_CONFIGURATION, None)  # it is there to be copied
            kept = kept_secrets(kind, known, user_input)
            self._keeps = bool(kept)
            typed = {**_apart_from(form, known), **kept, **user_input}
            result = await self._async_sign_in(typed, form, errors, placeholders)
            if result is not None:
                return result
        # What a person typed a moment ago stays; what is stored is never shown.
        suggested = {**(user_input or without_secrets(kind, known))}
        self._configuration = self._configuration or kind.configuration(address)
        suggested[CONF_CONFIGURATION] = self._configuration
        return self.async_show_form(
            step_id=provider,
            data_schema=self.add_suggested_values_to_schema(form, suggested),
            errors=errors,
            description_placeholders=placeholders,
        )

    async def async_step_code(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Enter the code that the provider just sent."""
        errors: dict[str, str] = {}
        placeholders = {"provider": PROVIDERS[self._provider].name, "reason": "", "seconds": ""}
        if user_input is not None:
            typed = {**self._typed, CONF_CODE: user_input[CONF_CODE], CONF_NONCE: self._nonce}
            done = await self._async_try(typed, CODE_FORM, errors, placeholders)
            if not done and errors.get("base") == "invalid_auth":
                errors.clear()  # a code may be good for one try only, so another one is sent
                done = await self._async_try(self._typed, CODE_FORM, errors, placeholders)
            if done:
                return await self._async_finish()
            if not errors:
                errors[CONF_CODE] = "invalid_code"
        return self.async_show_form(
            step_id="code",
            data_schema=CODE_FORM,
            errors=errors,
            description_placeholders=placeholders,
        )

    async def _async_sign_in(
        self,
        typed: dict[str, Any],
        form: vol.Schema,
        errors: dict[str, str],
        placeholders: dict[str, str],
    ) -> ConfigFlowResult | None:
        """Return the next step, or None if the form has to be shown again with its errors."""
        self._typed = typed
        if await self._async_try(typed, form, errors, placeholders):
            return await self._async_finish()
        return None if errors else await self.async_step_code()

    async def _async_try(
        self,
        typed: Mapping[str, Any],
        form: vol.Schema,
        errors: dict[str, str],
        placeholders: dict[str, str],
    ) -> bool:
        """Return whether an account works; if not, there is an error, or a code was sent."""
        try:
            await self._async_log_in(typed)
        except SecondFactorError as err:
            self._nonce = err.nonce
        except ProviderError as err:
            name = PROVIDERS[self._provider].name
            errors |= await async_explain(self.hass, name, err, form, placeholders)
        except Exception:  # noqa: BLE001 - a form must say something whatever happens
            LOGGER.exception(
                "Unexpected error while trying an account of %s", PROVIDERS[self._provider].name
            )
            errors["base"] = "unknown"
        else:
            return True
        return False

    async def _async_log_in(self, typed: Mapping[str, Any]) -> None:
        """Log in and ask who this is; keep what is to be kept."""
        kind = PROVIDERS[self._provider]
        verify_ssl = bool(typed.get(CONF_VERIFY_SSL, True))
        session = async_session(self.hass, FLOWS, verify_ssl=verify_ssl)
        # What is stored was logged in for when it was typed, and some of it was made then.
        settings = dict(typed if self._keeps else await kind.login(session, typed))
        client = kind(session, {CONF_COUNTRY: self.hass.config.country or "", **settings})
        await self._async_leave()
        if self.source == SOURCE_USER:
            self._unkept = client
        account = await client.account()
        self._tried = (account, client)
        self._settings = {**settings, **account.settings, CONF_PROVIDER: self._provider}

    async def _async_finish(self) -> ConfigFlowResult:
        """Create or update the entry of the account that works.

        What pushes have told of the account is learnt anew.
        """
        account, client = self._tried
        self._settings.pop(CONF_PINNED_ACCOUNT, None)
        # Another form for this account may be open somewhere, and forgotten.
        await self.async_set_unique_id(f"{self._provider}_{account.id}", raise_on_progress=False)
        if self.source == SOURCE_REAUTH:
            self._abort_if_unique_id_mismatch(reason="wrong_account")
            return self._update(self._get_reauth_entry(), self._settings)
        if self.source == SOURCE_RECONFIGURE:
            self._abort_if_unique_id_mismatch(reason="wrong_account")
            return self._update(self._get_reconfigure_entry(), self._settings)
        self._abort_if_unique_id_configured()
        self._settings[CONF_WEBHOOK_ID] = webhook_id = async_generate_id()
        if not addresses_to_paste(self.hass, client, self._settings):
            return await self._async_prove_stream(client)
        if external_url(self.hass, webhook_id) is None and (
            url := await async_cloudhook_url(self.hass, webhook_id)
        ):
            self._settings[CONF_CLOUDHOOK_URL] = url
        self._trial = trial = WebhookTrial(self.hass, client, webhook_id)
        trial.async_start()
        self._trouble = await trial.async_trouble()
        return await self.async_step_paste()

    async def _async_prove_stream(self, client: Provider) -> ConfigFlowResult:
        """Offer to wait for a call over the stream, if that is how calls are reported."""
        if Capability.STREAM not in client.capabilities:
            return await self.async_step_phones()
        self._trial = trial = StreamTrial(self.hass, client)
        await trial.async_connect()
        return await self.async_step_prove()

    def _update(self, entry: ConfigEntry, data: dict[str, Any]) -> ConfigFlowResult:
        """Update the entry.

        Its own listener reloads it, but only a loaded one whose data changed.
        """
        async_ensure_stored(self.hass, entry.entry_id)
        listening = entry.state is ConfigEntryState.LOADED and entry.data != data
        result = self.async_update_and_abort(entry, data=data)
        if not listening:
            self.hass.config_entries.async_schedule_reload(entry.entry_id)
        return result

    async def async_step_paste(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show the address that the user enters in the phone system's own settings."""
        if user_input is not None:
            if user_input.get(CONF_TEST):
                return await self.async_step_wait()
            return await self.async_step_phones()
        return await self._async_show_page(silent=False)

    async def async_step_prove(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Offer to wait for a call, where nothing has to be pasted."""
        return await self.async_step_paste(user_input)

    async def _async_show_page(self, *, silent: bool) -> ConfigFlowResult:
        """Show the address, if there is one to paste, and ask whether to wait for a call."""
        page = await async_webhook_page(self.hass, self._tried[1], self._settings, self._trouble)
        errors: dict[str, str] = {}
        if silent and page is None:
            errors["base"] = "not_heard"
        elif silent:
            errors["base"] = "not_received"
        page_id = "paste" if page else "prove"
        return self.async_show_form(
            step_id=page_id,
            data_schema=vol.Schema({**(page.fields if page else {}), **test_field()}),
            errors=errors,
            description_placeholders={
                "provider": PROVIDERS[self._provider].name,
                "how": page.how if page else "",
            },
            last_step=False,
        )

    async def async_step_wait(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Wait for a call to one of the phones, as the proof that everything is right."""
        trial = self._trial
        if trial is None:
            return await self.async_step_phones()
        if self._waiting is None:
            self._waiting = self.hass.async_create_task(trial.async_wait(), eager_start=False)
        if not self._waiting.done():
            return self.async_show_progress(
                step_id="wait",
                progress_action="wait_for_call",
                description_placeholders={"provider": PROVIDERS[self._provider].name},
                progress_task=self._waiting,
            )
        self._waiting = None
        return self.async_show_progress_done(next_step_id="proved" if trial.messages else "silent")

    async def async_step_silent(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show the page once more, because nothing came."""
        return await self._async_show_page(silent=True)

    async def async_step_proved(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show what came."""
        if user_input is not None or self._trial is None:
            return await self.async_step_phones()
        return self.async_show_form(
            step_id="proved",
            data_schema=vol.Schema({}),
            description_placeholders={
                "provider": PROVIDERS[self._provider].name,
                "what": described(self._trial.messages),
            },
            last_step=self._provider not in PHONES_FORM,
        )

    @callback
    @override
    def async_remove(self) -> None:
        """Leave the address, and what was made for the account, when a form is closed."""
        if self._trial is not None:
            self._trial.async_stop()
        if self._waiting is not None:
            self._waiting.cancel()
        if self._unkept is not None:
            self.hass.async_create_task(self._async_leave(), f"{DOMAIN} form that is closed")

    async def _async_leave(self) -> None:
        """Remove what was made, here and there, for an account that is not kept."""
        client, self._unkept = self._unkept, None
        if client is not None:
            await async_delete_cloudhook(self.hass, self._settings)
            await _async_release(client)

    async def async_step_phones(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show the phones that were found, where a person has to say which they are."""
        kind, (_, client) = PROVIDERS[self._provider], self._tried
        form = PHONES_FORM.get(self._provider)
        if form is None:
            return self._create()
        errors: dict[str, str] = {}
        suggested: Mapping[str, Any] = {}
        if user_input is not None:
            try:
                self._options = stored_table(kind, user_input, self._found)
            except InvalidInputError as err:
                errors[err.field] = err.problem
            else:
                return self._create()
        if user_input is None:
            self._found, suggested = await _async_suggested(client)
        return self.async_show_form(
            step_id="phones",
            data_schema=self.add_suggested_values_to_schema(form, user_input or suggested),
            errors=errors,
            description_placeholders={"provider": kind.name},
            last_step=True,
        )

    def _create(self) -> ConfigFlowResult:
        """Create the entry, unless another form has done so meanwhile."""
        self._abort_if_unique_id_configured()
        self._unkept = None
        if self._trial is not None:
            self._trial.async_stop()
        return self.async_create_entry(
            title=self._tried[0].title, data=self._settings, options=self._options
        )

    @override
    async def async_on_create_entry(self, result: ConfigFlowResult) -> ConfigFlowResult:
        """See to it that the new account is stored, with what was made for it."""
        async_ensure_stored(self.hass, result["result"].entry_id)
        return result

    async def async_step_reauth(self, entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """Ask for new credentials, because the phone system refused the old ones."""
        self._provider = entry_data[CONF_PROVIDER]
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Enter new credentials."""
        entry = self._get_reauth_entry()
        errors: dict[str, str] = {}
        placeholders = {
            "provider": PROVIDERS[self._provider].name,
            "title": entry.title,
            "reason": "",
            "seconds": "",
        }
        form = REAUTH_FIELDS[self._provider]
        if user_input is not None:
            known = _apart_from(form, entry.data)
            result = await self._async_sign_in({**known, **user_input}, form, errors, placeholders)
            if result is not None:
                return result
        return self.async_show_form(
            step_id="reauth_confirm",
            data_schema=self.add_suggested_values_to_schema(form, user_input or {}),
            errors=errors,
            description_placeholders=placeholders,
        )

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change how an account is reached."""
        entry = self._get_reconfigure_entry()
        if provider_of(entry) is None:
            return self.async_abort(reason="unknown_provider")
        self._provider = entry.data[CONF_PROVIDER]
        return await self._async_account_step(self._provider, None)


async def _async_suggested(client: Provider) -> tuple[tuple[Extension, ...], Mapping[str, Any]]:
    """Return the phones that are there, as far as they can be asked for now.

    The second is the same for a person to look over.
    """
    found: tuple[Extension, ...] = ()
    try:
        found = (await client.directory()).extensions or ()
    except ProviderError as err:
        LOGGER.debug("%s told of no phones: %s", client.name, type(err).__name__)
    return found, {CONF_PHONES: shown_phones({}, found), **client.suggested_options(guess=True)}


async def _async_words(hass: HomeAssistant, key: str) -> str:
    """Return a text in Home Assistant's own language."""
    words = await async_get_translations(hass, hass.config.language, "common", {DOMAIN})
    return words.get(f"component.{DOMAIN}.common.{key}", "")


def _own_address(hass: HomeAssistant) -> str:
    """Return Home Assistant's address in its own network."""
    return hass.config.api.local_ip if hass.config.api is not None else "127.0.0.1"


async def _async_release(client: Provider) -> None:
    """Remove what was made at the phone system for an account that is not added after all."""
    try:
        await client.release()
    except ProviderError as err:
        LOGGER.debug("%s kept what was made for an account: %s", client.name, type(err).__name__)


def _apart_from(form: vol.Schema, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an entry knows beside the fields of a form."""
    return {key: value for key, value in data.items() if key not in form.schema}
