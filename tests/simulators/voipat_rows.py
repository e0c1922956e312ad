"""VOIP@ Cloud, contract sections 5 and 6: the exact rows of calls, call records, extensions and statistics."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from .voipat_engine import Extension, Leg, Record
from .voipat_wire import VoipatSwitches, iso

CHANNEL_KEYS = (
    "uuid",
    "direction",
    "created",
    "created_epoch",
    "name",
    "state",
    "cid_name",
    "cid_num",
    "ip_addr",
    "dest",
    "application",
    "application_data",
    "dialplan",
    "context",
    "read_codec",
    "read_rate",
    "read_bit_rate",
    "write_codec",
    "write_rate",
    "write_bit_rate",
    "secure",
    "hostname",
    "presence_id",
    "presence_data",
    "accountcode",
    "callstate",
    "callee_name",
    "callee_num",
    "callee_direction",
    "call_uuid",
    "sent_callee_name",
    "sent_callee_num",
    "initial_cid_name",
    "initial_cid_num",
    "initial_ip_addr",
    "initial_dest",
    "initial_dialplan",
    "initial_context",
)
CALL_KEYS = (
    "uuid",
    "direction",
    "created",
    "created_epoch",
    "name",
    "state",
    "cid_name",
    "cid_num",
    "ip_addr",
    "dest",
    "presence_id",
    "presence_data",
    "accountcode",
    "callstate",
    "callee_name",
    "callee_num",
    "callee_direction",
    "call_uuid",
    "hostname",
    "sent_callee_name",
    "sent_callee_num",
)
B_KEYS = tuple(key for key in CALL_KEYS if key not in ("call_uuid", "hostname"))
DOCS_NAMES = {"cid_name": "caller_id_name", "cid_num": "caller_id_number", "dest": "destination_number"}
NODE_RECORD_KEYS = frozenset(
    {"context", "disposition", "leg", "pdd_ms", "rtp_audio_in_mos", "last_app", "network_addr"}
)


# -- live rows --------------------------------------------------------------------------------------


def channel_row(switches: VoipatSwitches, leg: Leg) -> dict[str, str]:
    """Write a leg as `show channels` does: every value a text."""
    local = datetime.fromtimestamp(leg.created + switches.server_utc_offset, UTC)
    codec = {"read_codec": "PCMU", "read_rate": "8000", "read_bit_rate": "64000"} if leg.answered_at else {}
    written = {key.replace("read", "write"): value for key, value in codec.items()}
    row = dict.fromkeys(CHANNEL_KEYS, "") | {
        "uuid": leg.uuid,
        "direction": leg.direction,
        "created": f"{local:%Y-%m-%d %H:%M:%S}",
        "created_epoch": str(int(leg.created)),
        "name": leg.name,
        "state": leg.state,
        "cid_name": leg.cid_name,
        "cid_num": leg.cid_num,
        "ip_addr": leg.ip_addr,
        "dest": leg.dest,
        "application": leg.application,
        "application_data": leg.application_data,
        "dialplan": "XML",
        "context": leg.context,
        "hostname": "mt",
        "presence_id": leg.presence_id,
        "accountcode": leg.accountcode,
        "callstate": leg.callstate.value,
        "callee_name": leg.callee_name,
        "callee_num": leg.callee_num,
        "call_uuid": _call_uuid(switches, leg),
        "initial_cid_name": leg.cid_name,
        "initial_cid_num": leg.cid_num,
        "initial_ip_addr": leg.ip_addr,
        "initial_dest": leg.dest,
        "initial_dialplan": "XML",
        "initial_context": leg.context,
    }
    row |= codec | written
    if switches.old_columns:
        return {key: value for key, value in row.items() if key != "accountcode" and not key.startswith("initial_")}
    return row


def _call_uuid(switches: VoipatSwitches, leg: Leg) -> str:
    """Give the call_uuid: on a real switch empty until a leg is bridged, but for one that rings for another."""
    if not switches.real_rows or leg.bridged_at is not None:
        return leg.call_uuid
    return "" if leg.call_uuid == leg.uuid or switches.bare_call_uuids else leg.call_uuid


def call_rows(switches: VoipatSwitches, legs: Iterable[Leg]) -> list[dict[str, str]]:
    """Write legs as `show calls` does: one row per bridged pair and per leg that is no B side."""
    rows = []
    for leg in legs:
        partner = leg.partner
        if partner is not None and leg.uuid != leg.call_uuid:
            continue
        channel = channel_row(switches, leg)
        row = {key: channel[key] for key in CALL_KEYS if key in channel}
        other: Mapping[str, str] = {} if partner is None else channel_row(switches, partner)
        keys = (*B_KEYS, "call_uuid") if switches.b_call_uuid else B_KEYS
        row |= {f"b_{key}": other.get(key, "") for key in keys if key in channel}
        row["call_created_epoch"] = "" if leg.bridged_at is None or partner is None else str(int(leg.bridged_at))
        rows.append(row)
    return rows


def documented(row: Mapping[str, str], now: float) -> dict[str, Any]:
    """Write a live row with the names of the public documentation."""
    renamed: dict[str, Any] = {DOCS_NAMES.get(key, key): value for key, value in row.items()}
    renamed["duration"] = int(now) - int(row["created_epoch"])
    return renamed


def belongs(switches: VoipatSwitches, row: Mapping[str, str], domain: str) -> bool:
    """Tell if the bridge's domain filter keeps a row: a search for a part of a text."""
    if switches.node:
        return domain in row.get("context", "")
    candidates = (row.get("accountcode"), row.get("context"), row.get("presence_id"))
    return domain in next((text for text in candidates if text), "")


# -- extensions -------------------------------------------------------------------------------------


def extension_row(switches: VoipatSwitches, extension: Extension) -> dict[str, Any]:
    """Write an extension of the list."""
    unset = None if switches.empty_text == "null" else ""
    row: dict[str, Any] = {
        "extension_uuid": extension.uuid,
        "domain_name": extension.domain,
        "extension": extension.number,
        "number_alias": extension.alias or unset,
        "effective_caller_id_name": extension.name or unset,
        "effective_caller_id_number": extension.number,
        "outbound_caller_id_name": extension.name if extension.outbound_number else unset,
        "outbound_caller_id_number": extension.outbound_number or unset,
        "enabled": "true" if switches.text_booleans else True,
    }
    if switches.python:
        return row | {"voicemail_enabled": "true", "description": extension.description or unset}
    first, _, last = extension.name.partition(" ")
    return row | {"directory_first_name": first or unset, "directory_last_name": last or unset}


def single_extension(switches: VoipatSwitches, extension: Extension) -> dict[str, Any]:
    """Write one extension: short on Python, every column with the SIP password on Node."""
    row = extension_row(switches, extension)
    if switches.python:
        keys = ("extension_uuid", "extension", "number_alias", "effective_caller_id_name")
        return {key: row[key] for key in (*keys, "effective_caller_id_number", "enabled", "domain_name")}
    unset = None if switches.empty_text == "null" else ""
    nullable = (
        "accountcode",
        "emergency_caller_id_name",
        "emergency_caller_id_number",
        "limit_destination",
        "missed_call_app",
        "missed_call_data",
        "user_context",
        "toll_allow",
        "call_group",
        "hold_music",
        "auth_acl",
        "cidr",
        "sip_force_contact",
        "nibble_account",
        "sip_force_expires",
        "mwi_account",
        "sip_bypass_media",
        "dial_string",
        "dial_user",
        "dial_domain",
        "forward_all_destination",
        "forward_busy_destination",
        "forward_busy_enabled",
        "forward_no_answer_destination",
        "forward_no_answer_enabled",
        "forward_user_not_registered_destination",
        "forward_user_not_registered_enabled",
        "follow_me_uuid",
        "follow_me_enabled",
        "follow_me_destinations",
        "absolute_codec_string",
        "force_ping",
        "extension_language",
        "extension_dialect",
        "extension_voice",
        "extension_type",
        "insert_date",
        "insert_user",
        "update_date",
        "update_user",
    )
    return (
        dict.fromkeys(nullable, unset)
        | row
        | {
            "domain_uuid": domain_uuid(extension.domain),
            "password": extension.password,
            "accountcode": extension.domain if extension.accountcode is None else extension.accountcode,
            "user_context": extension.domain,
            "call_timeout": "30",
            "limit_max": "5",
            "max_registrations": None,
            "call_screen_enabled": "false",
            "user_record": "all",
            "directory_visible": "true",
            "directory_exten_visible": "true",
            "do_not_disturb": "true" if extension.do_not_disturb else unset,
            "forward_all_enabled": unset,
            "description": extension.description or unset,
        }
    )


def domain_uuid(domain: str) -> str:
    """Make a tenant's id out of its name."""
    digits = domain.encode().hex().ljust(32, "0")[:32]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:32]}"


# -- call records -----------------------------------------------------------------------------------


def stamp(switches: VoipatSwitches, moment: float | None) -> str | None:
    """Write a call record's time."""
    if moment is None:
        return None
    if not switches.python:
        return iso(moment)
    at = datetime.fromtimestamp(moment, UTC)
    return at.isoformat(timespec="microseconds" if switches.cdr_microseconds else "seconds")


def seconds(switches: VoipatSwitches, value: int) -> str | int | float:
    """Write a call record's span: a text on Node, a number on Python."""
    if switches.node:
        return str(value)
    return float(value) if switches.cdr_float_seconds else value


def record_row(switches: VoipatSwitches, record: Record) -> dict[str, Any]:
    """Write a call record of the list."""
    row: dict[str, Any] = {
        "xml_cdr_uuid": record.uuid,
        "domain_name": record.domain,
        "direction": None if switches.cdr_null_direction else record.direction,
        "caller_id_name": record.caller_name,
        "caller_id_number": record.caller_number,
        "destination_number": record.destination,
        "context": record.context,
        "start_stamp": stamp(switches, record.start),
        "answer_stamp": stamp(switches, record.answer),
        "end_stamp": stamp(switches, record.end),
        "duration": seconds(switches, record.duration),
        "billsec": seconds(switches, record.billsec),
        "hangup_cause": record.cause,
        "disposition": record.status.upper(),
        "record_path": f"/var/lib/freeswitch/recordings/{record.domain}/archive" if record.recording else None,
        "record_name": record.recording or None,
        "leg": "a",
        "pdd_ms": "120",
        "rtp_audio_in_mos": "4.50" if record.answer is not None else None,
        "last_app": record.last_app or None,
        "network_addr": record.network_addr,
    }
    return {key: value for key, value in row.items() if not (switches.python and key in NODE_RECORD_KEYS)}


def full_record(switches: VoipatSwitches, record: Record) -> dict[str, Any]:
    """Write one call record with all the columns of its table."""
    number = seconds(switches, 0)
    unset = ("ring_group_uuid", "call_center_queue_uuid", "voicemail_message", "provider_uuid", "remote_media_ip")
    row: dict[str, Any] = dict.fromkeys(
        (*unset, "read_codec", "write_codec", "cc_queue", "cc_agent", "conference_name")
    )
    extra: dict[str, Any] = {
        "domain_uuid": domain_uuid(record.domain),
        "extension_uuid": None,
        "sip_call_id": f"{record.uuid[:8]}@{record.network_addr}",
        "accountcode": record.domain,
        "default_language": "en",
        "context": record.context,
        "start_epoch": seconds(switches, int(record.start)),
        "answer_epoch": seconds(switches, int(record.answer or 0)),
        "end_epoch": seconds(switches, int(record.end)),
        "mduration": seconds(switches, record.duration * 1000),
        "billmsec": seconds(switches, record.billsec * 1000),
        "hold_accum_seconds": number,
        "bridge_uuid": record.bridge_uuid or None,
        "status": record.status,
        "missed_call": record.status in ("missed", "voicemail"),
        "caller_destination": record.destination,
        "source_number": record.caller_number,
        "last_app": record.last_app or None,
        "last_arg": None,
        "network_addr": record.network_addr,
        "hangup_cause_q850": seconds(switches, 16),
        "sip_hangup_disposition": "recv_bye",
        "leg": "a",
        "pdd_ms": seconds(switches, 120),
        "rtp_audio_in_mos": None,
        "json": {"callflow": []},
        "call_flow": [],
    }
    listed = record_row(switches, record)
    listed.pop("disposition", None)
    return row | extra | listed


def statistics(switches: VoipatSwitches, records: list[Record]) -> dict[str, Any] | list[dict[str, Any]]:
    """Write the summary in the profile's shape."""
    answered = [record for record in records if record.answer is not None]
    talked = sum(record.billsec for record in answered)
    mean = talked / len(answered) if answered else 0
    if switches.docs:
        missed = len(records) - len(answered)
        return {
            "total_calls": len(records),
            "answered": len(answered),
            "missed": missed,
            "avg_duration": round(mean),
        }
    if switches.python:
        return {
            "total_calls": len(records),
            "answered_calls": len(answered) if records else None,
            "missed_calls": len(records) - len(answered) if records else None,
            "avg_duration": mean if records else 0,
            "total_duration": talked,
        }
    return [_direction_statistics(each, records) for each in sorted({record.direction for record in records})]


def _direction_statistics(direction: str, records: list[Record]) -> dict[str, Any]:
    mine = [record for record in records if record.direction == direction]
    talked = [record.billsec for record in mine if record.answer is not None]
    return {
        "direction": direction,
        "total_calls": str(len(mine)),
        "answered_calls": str(len(talked)),
        "missed_calls": str(len(mine) - len(talked)),
        "busy_calls": str(sum(record.cause == "USER_BUSY" for record in mine)),
        "avg_duration_sec": str(sum(talked) / len(talked)) if talked else None,
        "total_duration_sec": str(sum(talked)),
        "max_duration_sec": str(max(talked, default=0)),
    }
