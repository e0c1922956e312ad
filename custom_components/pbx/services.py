"""The actions, declared as a table: what each needs, takes and answers, and which command it becomes."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

import voluptuous as vol
from homeassistant.const import ATTR_ENTITY_ID, CONF_COUNTRY
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .errors import command_errors
from .providers import models as m
from .providers import numbers
from .providers.events import call_data, record_data
from .providers.models import CallState, Capability, Direction
from .targets import (
    ATTR_AGENT,
    ATTR_CALL_ID,
    ATTR_CONFIG_ENTRY_ID,
    ATTR_EXPECTED_STATE,
    ATTR_EXTENSION,
    ATTR_PIN,
    ATTR_QUEUE,
    ATTR_TARGET_EXTENSION,
    TARGET_FIELDS,
    Target,
    invalid,
    resolve,
)

ATTR_NUMBER = "number"
MIN_RING_TIMEOUT = 5
MAX_RING_TIMEOUT = 120
MAX_CUSTOM_CDR = 4
MAX_LIMIT = 1000

TEXT = vol.All(cv.string, vol.Strip, vol.Length(min=1, max=255))
LONG_TEXT = vol.All(cv.string, vol.Strip, vol.Length(min=1, max=4096))
TEXTS = vol.All(cv.ensure_list, [TEXT])
STATES = vol.In([state.value for state in CallState if state is not CallState.ENDED])

type Runner = Callable[[Target], Awaitable[dict[str, Any] | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One action: `needs` is its command, `own` the fields every provider with that command honours."""

    name: str
    run: Runner
    needs: Capability
    fields: Mapping[vol.Marker, Any] = field(default_factory=dict)
    own: frozenset[str] = frozenset()
    response: SupportsResponse = SupportsResponse.NONE

    @property
    def schema(self) -> vol.Schema:
        """Make the schema of the action's data."""
        return vol.Schema({vol.Optional(ATTR_CONFIG_ENTRY_ID): cv.string, **self.fields})


CALL_FIELDS: Mapping[vol.Marker, Any] = {
    **cv.ENTITY_SERVICE_FIELDS,
    vol.Optional(ATTR_CALL_ID): TEXT,
    vol.Optional(ATTR_EXPECTED_STATE): STATES,
}
CALL_OWN = frozenset({ATTR_CALL_ID, ATTR_EXPECTED_STATE})
AGENT_FIELDS: Mapping[vol.Marker, Any] = {
    **cv.ENTITY_SERVICE_FIELDS,
    vol.Optional(ATTR_AGENT): TEXT,
    vol.Optional(ATTR_PIN): TEXT,
}
CONTACT_FIELDS: Mapping[str, Any] = {
    "first_name": TEXT,
    "last_name": TEXT,
    "number": TEXT,
    "numbers": TEXTS,
    "email": TEXT,
    "emails": TEXTS,
    "company": TEXT,
    "job_title": TEXT,
    "website": TEXT,
    "source": TEXT,
    "source_url": TEXT,
    "groups": TEXTS,
    "notes": LONG_TEXT,
}


# -- placing calls -----------------------------------------------------------------------------------


async def _originate(target: Target, *, click: bool = False) -> dict[str, Any]:
    data = target.data
    kind = m.ExtensionType(data["extension_type"]) if "extension_type" in data else None
    request = m.Originate(
        extension=target.extension(known=kind in (None, m.ExtensionType.INTERNAL)),
        number=_number(target),
        caller_id_number=_number(target, "caller_id_number") if "caller_id_number" in data else None,
        caller_id_name=data.get("caller_id_name"),
        ring_timeout=data.get("ring_timeout"),
        dial_first=m.DialFirst(data["dial_first"]) if "dial_first" in data else None,
        extension_type=kind,
        dialplan=data.get("dialplan"),
        custom_cdr=tuple(data["custom_cdr"]) if "custom_cdr" in data else None,
        recording_filename=data.get("recording_filename"),
        recording_path=data.get("recording_path"),
        check_extension=data.get("check_extension"),
        check_ip_host=data.get("check_ip_host"),
        check_ip_contact=data.get("check_ip_contact"),
    )
    provider = target.coordinator.provider
    return _placed(await (provider.click_to_call(request) if click else provider.originate(request)))


async def _dial(target: Target) -> dict[str, Any]:
    data = target.data
    if ("route_name" in data) == ("route_id" in data):
        raise invalid("one_of", fields="route_name, route_id")
    request = m.Dial(
        number=_number(target),
        context=data["context"],
        route_name=data.get("route_name"),
        route_id=data.get("route_id"),
        hangup_context=data.get("hangup_context"),
    )
    return _placed(await target.coordinator.provider.dial(request))


async def _announce(target: Target) -> dict[str, Any]:
    caller = _number(target, "caller_id_number") if "caller_id_number" in target.data else None
    return _placed(await target.coordinator.provider.announce(_number(target), target.data["message"], caller))


async def _send_sms(target: Target) -> dict[str, Any]:
    data = target.data
    provider = target.coordinator.provider
    return {"message_id": await provider.send_sms(_number(target), data["message"], data.get("sender"))}


# -- calls -------------------------------------------------------------------------------------------


async def _each_call(target: Target, command: str) -> None:
    for ref in target.calls():
        await getattr(target.coordinator.provider, command)(ref)


async def _hangup(target: Target) -> None:
    if target.ended():
        return
    for ref in {ref.call.id: ref for ref in target.calls()}.values():
        await target.coordinator.provider.hangup(ref, target.data.get("cause"))


async def _transfer(target: Target) -> None:
    number = _number(target)
    kind = m.TransferType(target.data["type"])
    for ref in target.calls():
        await target.coordinator.provider.transfer(ref, number, kind)


async def _send_dtmf(target: Target) -> None:
    for ref in target.calls():
        await target.coordinator.provider.send_dtmf(ref, target.data["digits"])


async def _spy(target: Target) -> None:
    data = target.data
    named = ATTR_TARGET_EXTENSION in data
    calls = target.calls() if ATTR_CALL_ID in data or target.named else []
    if len(calls) + named != 1:
        raise invalid("one_of", fields=f"{ATTR_TARGET_EXTENSION}, {ATTR_CALL_ID}")
    kind = m.ExtensionType(data["extension_type"]) if "extension_type" in data else None
    target_kind = m.ExtensionType(data["target_type"]) if "target_type" in data else None
    request = m.Spy(
        extension=target.extension(known=kind is None),
        target_extension=target.extension(ATTR_TARGET_EXTENSION, known=target_kind is None) if named else None,
        call=next(iter(calls), None),
        extension_type=kind,
        target_type=target_kind,
        dialplan=data.get("dialplan"),
        caller_id_number=_number(target, "caller_id_number") if "caller_id_number" in data else None,
        caller_id_name=data.get("caller_id_name"),
    )
    await target.coordinator.provider.spy(request)


async def _get_calls(target: Target) -> dict[str, Any]:
    if not target.coordinator.calls_known:
        raise invalid("calls_unknown", provider=target.coordinator.provider.name)
    return {
        "calls": [
            {
                **call_data(call),
                "legs": [
                    {
                        key: value
                        for key, value in (
                            ("id", leg.id),
                            ("extension", leg.extension),
                            ("state", leg.state.value),
                            ("context", leg.context),
                            ("account_code", leg.account_code),
                        )
                        if value
                    }
                    for leg in call.legs
                ],
            }
            for call in target.coordinator.data.calls.values()
        ]
    }


# -- agents and queues -------------------------------------------------------------------------------


async def _each_agent(target: Target, command: str) -> None:
    for ref in target.agents():
        await getattr(target.coordinator.provider, command)(ref)
    target.coordinator.async_reread_directory()


async def _queue_member(target: Target, command: str) -> None:
    data = target.data
    named = ATTR_AGENT in data or target.named
    if not named and ATTR_EXTENSION not in data:
        raise invalid("one_of", fields=f"{ATTR_AGENT}, {ATTR_EXTENSION}")
    extension = target.extension() if ATTR_EXTENSION in data else None
    for agent in target.agents() if named else [None]:
        member = m.QueueMember(queue=target.queue(), agent=agent, extension=extension, penalty=data.get("penalty"))
        await getattr(target.coordinator.provider, command)(member)
    target.coordinator.async_reread_directory()


async def _get_agent_status(target: Target) -> dict[str, Any]:
    agents = target.agents()
    if len(agents) > 1:
        raise invalid("one_of", fields=f"{ATTR_AGENT}, {ATTR_ENTITY_ID}")
    return _figures(await target.coordinator.provider.agent_status(agents[0]))


async def _get_queue_status(target: Target) -> dict[str, Any]:
    return _figures(await target.coordinator.provider.queue_status(target.queue()))


# -- history and contacts ----------------------------------------------------------------------------


async def _get_call_history(target: Target) -> dict[str, Any]:
    data = target.data
    query = m.HistoryQuery(
        start=_moment(data.get("start")),
        end=_moment(data.get("end")),
        number=data.get(ATTR_NUMBER),
        extension=target.extension() if ATTR_EXTENSION in data else None,
        direction=Direction(data["direction"]) if "direction" in data else None,
        search=data.get("search"),
        limit=data.get("limit", 100),
        offset=data.get("offset", 0),
        sort=m.Sort(data.get("sort", m.Sort.NEWEST)),
        record_id=data.get("record_id"),
        call_id=data.get(ATTR_CALL_ID),
        csv=data.get("format") == "csv",
    )
    page = await target.coordinator.provider.history(query)
    answer: dict[str, Any] = {"records": [record_data(record) for record in page.records], "total": page.total}
    if page.csv is not None:
        answer["csv"] = page.csv
    return answer


async def _get_call_statistics(target: Target) -> dict[str, Any]:
    data = target.data
    found = await target.coordinator.provider.statistics(_moment(data.get("start")), _moment(data.get("end")))
    return {key: value for key, value in asdict(found).items() if value is not None}


async def _search_contacts(target: Target) -> dict[str, Any]:
    data = target.data
    query = m.ContactQuery(
        name=data.get("name"),
        number=data.get("number"),
        email=data.get("email"),
        contact_id=data.get("contact_id"),
        limit=data.get("limit", 20),
        offset=data.get("offset", 0),
    )
    page = await target.coordinator.provider.search_contacts(query)
    return {"contacts": [_contact(contact) for contact in page.contacts], "has_next": page.has_next}


async def _create_contact(target: Target) -> dict[str, Any]:
    return _contact(await target.coordinator.provider.create_contact(_typed_contact(target)))


async def _update_contact(target: Target) -> dict[str, Any]:
    return _contact(await target.coordinator.provider.update_contact(_typed_contact(target)))


async def _delete_contact(target: Target) -> None:
    await target.coordinator.provider.delete_contact(target.data["contact_id"])


async def _move_recording(target: Target) -> None:
    data = target.data
    if "filename" not in data and "path" not in data:
        raise invalid("one_of", fields="filename, path")
    await target.coordinator.provider.move_recording(data["record_id"], data.get("filename"), data.get("path"))


# -- the table ---------------------------------------------------------------------------------------

ORIGINATE_FIELDS: Mapping[vol.Marker, Any] = {
    vol.Required(ATTR_EXTENSION): TEXT,
    vol.Required(ATTR_NUMBER): TEXT,
    vol.Optional("caller_id_number"): TEXT,
}
PERIOD: Mapping[vol.Marker, Any] = {vol.Optional("start"): cv.datetime, vol.Optional("end"): cv.datetime}
EXTENSION_TYPE = vol.In([kind.value for kind in m.ExtensionType])
OPTIONAL = SupportsResponse.OPTIONAL
ONLY = SupportsResponse.ONLY


def _simple(name: str, needs: Capability) -> Action:
    return Action(name=name, needs=needs, run=partial(_each_call, command=name), fields=CALL_FIELDS, own=CALL_OWN)


def _agent(name: str, needs: Capability, fields: Mapping[vol.Marker, Any] | None = None) -> Action:
    return Action(
        name=name,
        needs=needs,
        run=partial(_each_agent, command=name),
        fields={**AGENT_FIELDS, vol.Optional(ATTR_QUEUE): TEXT, **(fields or {})},
        own=frozenset({ATTR_AGENT}),
    )


ACTIONS: tuple[Action, ...] = (
    Action(
        name="originate",
        needs=Capability.ORIGINATE,
        run=_originate,
        fields={
            **ORIGINATE_FIELDS,
            vol.Optional("caller_id_name"): TEXT,
            vol.Optional("ring_timeout"): vol.All(
                vol.Coerce(int), vol.Range(min=MIN_RING_TIMEOUT, max=MAX_RING_TIMEOUT)
            ),
            vol.Optional("extension_type"): EXTENSION_TYPE,
            vol.Optional("dialplan"): TEXT,
            vol.Optional("custom_cdr"): vol.All(TEXTS, vol.Length(max=MAX_CUSTOM_CDR)),
            vol.Optional("recording_filename"): TEXT,
            vol.Optional("recording_path"): TEXT,
            vol.Optional("check_extension"): cv.boolean,
            vol.Optional("check_ip_host"): TEXT,
            vol.Optional("check_ip_contact"): TEXT,
        },
        own=frozenset({ATTR_EXTENSION, ATTR_NUMBER}),
        response=OPTIONAL,
    ),
    Action(
        name="click_to_call",
        needs=Capability.CLICK_TO_CALL,
        run=partial(_originate, click=True),
        fields={**ORIGINATE_FIELDS, vol.Optional("dial_first"): vol.In([who.value for who in m.DialFirst])},
        own=frozenset({ATTR_EXTENSION, ATTR_NUMBER}),
        response=OPTIONAL,
    ),
    Action(
        name="dial",
        needs=Capability.DIAL,
        run=_dial,
        fields={
            vol.Required(ATTR_NUMBER): TEXT,
            vol.Required("context"): TEXT,
            vol.Optional("route_name"): TEXT,
            vol.Optional("route_id"): TEXT,
            vol.Optional("hangup_context"): TEXT,
        },
        own=frozenset({ATTR_NUMBER, "context", "route_name", "route_id"}),
        response=OPTIONAL,
    ),
    _simple("answer", Capability.ANSWER),
    _simple("hold", Capability.HOLD),
    _simple("unhold", Capability.UNHOLD),
    _simple("toggle_hold", Capability.TOGGLE_HOLD),
    _simple("mute", Capability.MUTE),
    _simple("unmute", Capability.UNMUTE),
    Action(
        name="hangup",
        needs=Capability.HANGUP,
        run=_hangup,
        fields={**CALL_FIELDS, vol.Optional("cause"): TEXT},
        own=CALL_OWN,
    ),
    Action(
        name="transfer",
        needs=Capability.TRANSFER,
        run=_transfer,
        fields={
            **CALL_FIELDS,
            vol.Required(ATTR_NUMBER): TEXT,
            vol.Optional("type", default=m.TransferType.BLIND.value): vol.In([kind.value for kind in m.TransferType]),
        },
        own=CALL_OWN | {ATTR_NUMBER, "type"},
    ),
    Action(
        name="send_dtmf",
        needs=Capability.SEND_DTMF,
        run=_send_dtmf,
        fields={**CALL_FIELDS, vol.Required("digits"): vol.All(TEXT, vol.Upper, vol.Match(r"^[0-9*#A-D]+$"))},
        own=CALL_OWN | {"digits"},
    ),
    Action(
        name="spy",
        needs=Capability.SPY,
        run=_spy,
        fields={
            **CALL_FIELDS,
            vol.Required(ATTR_EXTENSION): TEXT,
            vol.Optional("extension_type"): EXTENSION_TYPE,
            vol.Optional(ATTR_TARGET_EXTENSION): TEXT,
            vol.Optional("target_type"): EXTENSION_TYPE,
            vol.Optional("dialplan"): TEXT,
            vol.Optional("caller_id_number"): TEXT,
            vol.Optional("caller_id_name"): TEXT,
        },
        own=CALL_OWN | {ATTR_EXTENSION, ATTR_TARGET_EXTENSION},
    ),
    Action(
        name="announce",
        needs=Capability.ANNOUNCE,
        run=_announce,
        fields={
            vol.Required(ATTR_NUMBER): TEXT,
            vol.Required("message"): LONG_TEXT,
            vol.Optional("caller_id_number"): TEXT,
        },
        own=frozenset({ATTR_NUMBER, "message"}),
        response=OPTIONAL,
    ),
    Action(
        name="send_sms",
        needs=Capability.SEND_SMS,
        run=_send_sms,
        fields={
            vol.Required(ATTR_NUMBER): TEXT,
            vol.Required("message"): LONG_TEXT,
            vol.Optional("sender"): TEXT,
        },
        own=frozenset({ATTR_NUMBER, "message"}),
        response=OPTIONAL,
    ),
    _agent("agent_login", Capability.AGENT_LOGIN, {vol.Optional(ATTR_EXTENSION): TEXT}),
    _agent("agent_logout", Capability.AGENT_LOGOUT),
    _agent("agent_pause", Capability.AGENT_PAUSE),
    _agent("agent_unpause", Capability.AGENT_UNPAUSE),
    *(
        Action(
            name=name,
            needs=needs,
            run=partial(_queue_member, command=name),
            fields={
                **AGENT_FIELDS,
                vol.Required(ATTR_QUEUE): TEXT,
                vol.Optional(ATTR_EXTENSION): TEXT,
                **extra,
            },
            own=frozenset({ATTR_QUEUE, ATTR_AGENT}),
        )
        for name, needs, extra in (
            (
                "queue_add",
                Capability.QUEUE_ADD,
                {vol.Optional("penalty"): vol.All(vol.Coerce(int), vol.Range(min=0, max=1000))},
            ),
            ("queue_remove", Capability.QUEUE_REMOVE, {}),
        )
    ),
    Action(name="get_calls", needs=Capability.CALLS, run=_get_calls, response=ONLY),
    Action(
        name="get_call_history",
        needs=Capability.GET_CALL_HISTORY,
        run=_get_call_history,
        fields={
            **PERIOD,
            vol.Optional(ATTR_NUMBER): TEXT,
            vol.Optional(ATTR_EXTENSION): TEXT,
            vol.Optional("direction"): vol.In([direction.value for direction in Direction]),
            vol.Optional("search"): TEXT,
            vol.Optional("limit"): vol.All(vol.Coerce(int), vol.Range(min=1, max=MAX_LIMIT)),
            vol.Optional("offset"): vol.All(vol.Coerce(int), vol.Range(min=0)),
            vol.Optional("sort"): vol.In([order.value for order in m.Sort]),
            vol.Optional("record_id"): TEXT,
            vol.Optional(ATTR_CALL_ID): TEXT,
            vol.Optional("format"): vol.In(["json", "csv"]),
        },
        response=ONLY,
    ),
    Action(
        name="get_call_statistics",
        needs=Capability.GET_CALL_STATISTICS,
        run=_get_call_statistics,
        fields=PERIOD,
        response=ONLY,
    ),
    Action(
        name="get_agent_status",
        needs=Capability.GET_AGENT_STATUS,
        run=_get_agent_status,
        fields=AGENT_FIELDS,
        own=frozenset({ATTR_AGENT}),
        response=ONLY,
    ),
    Action(
        name="get_queue_status",
        needs=Capability.GET_QUEUE_STATUS,
        run=_get_queue_status,
        fields={vol.Required(ATTR_QUEUE): TEXT},
        own=frozenset({ATTR_QUEUE}),
        response=ONLY,
    ),
    Action(
        name="search_contacts",
        needs=Capability.SEARCH_CONTACTS,
        run=_search_contacts,
        fields={
            vol.Optional("name"): TEXT,
            vol.Optional("number"): TEXT,
            vol.Optional("email"): TEXT,
            vol.Optional("contact_id"): TEXT,
            vol.Optional("limit"): vol.All(vol.Coerce(int), vol.Range(min=1, max=MAX_LIMIT)),
            vol.Optional("offset"): vol.All(vol.Coerce(int), vol.Range(min=0)),
        },
        response=ONLY,
    ),
    Action(
        name="create_contact",
        needs=Capability.CREATE_CONTACT,
        run=_create_contact,
        fields={vol.Optional(name): kind for name, kind in CONTACT_FIELDS.items()},
        response=OPTIONAL,
    ),
    Action(
        name="update_contact",
        needs=Capability.UPDATE_CONTACT,
        run=_update_contact,
        fields={
            vol.Required("contact_id"): TEXT,
            **{vol.Optional(name): kind for name, kind in CONTACT_FIELDS.items()},
        },
        own=frozenset({"contact_id"}),
        response=OPTIONAL,
    ),
    Action(
        name="delete_contact",
        needs=Capability.DELETE_CONTACT,
        run=_delete_contact,
        fields={vol.Required("contact_id"): TEXT},
        own=frozenset({"contact_id"}),
    ),
    Action(
        name="move_recording",
        needs=Capability.MOVE_RECORDING,
        run=_move_recording,
        fields={vol.Required("record_id"): TEXT, vol.Optional("filename"): TEXT, vol.Optional("path"): TEXT},
        own=frozenset({"record_id", "filename", "path"}),
    ),
)


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register every action once, for all accounts."""
    for action in ACTIONS:
        hass.services.async_register(
            DOMAIN,
            action.name,
            partial(_async_run, action),
            schema=action.schema,
            supports_response=action.response,
        )


async def _async_run(action: Action, call: ServiceCall) -> ServiceResponse:
    """Carry out one action: resolve, refuse what this phone system lacks, command, look again."""
    target = resolve(call)
    coordinator = target.coordinator
    provider = coordinator.provider
    asks = action.response is ONLY
    with command_errors(call.hass, coordinator.config_entry, provider.name) if asks else coordinator.commanding():
        provider.check(action.needs, call.data.keys() - TARGET_FIELDS - action.own)
        return await action.run(target)


def _number(target: Target, name: str = ATTR_NUMBER) -> str:
    """Give a number that may be dialled."""
    entry = target.coordinator.config_entry
    country = str(entry.options.get(CONF_COUNTRY) or target.coordinator.hass.config.country or "")
    return numbers.dialable(target.data[name], country, field=name)


def _placed(placed: m.Placed) -> dict[str, Any]:
    return {"call_id": placed.call_id, "outcome": placed.outcome.value}


def _figures(item: m.Agent | m.Queue) -> dict[str, Any]:
    """Flatten what could be read, and keep the phone system's own answer beside it."""
    figures = {key: value for key, value in asdict(item).items() if value not in (None, "", {})}
    figures["raw"] = dict(item.raw)
    return figures


def _typed_contact(target: Target) -> m.Contact:
    data = target.data
    values: dict[str, Any] = {name: data[name] for name in CONTACT_FIELDS if name in data}
    for name in ("numbers", "emails", "groups"):
        if name in values:
            values[name] = tuple(values[name])
    return m.Contact(id=data.get("contact_id", ""), **values)


def _contact(contact: m.Contact) -> dict[str, Any]:
    values = {key: value for key, value in asdict(contact).items() if value not in (None, "", ())}
    return {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}


def _moment(value: datetime | None) -> datetime | None:
    """Read a time a person typed in Home Assistant's own zone."""
    if value is None:
        return None
    return (value if value.tzinfo else value.replace(tzinfo=dt_util.get_default_time_zone())).astimezone(UTC)
