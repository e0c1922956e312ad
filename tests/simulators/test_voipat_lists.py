"""The simulated VOIP@ Cloud does what the contract says: domains, extensions and lists of calls."""

from typing import Any

import pytest

from .base import TrueCall, TrueLeg
from .voipat import Extension, Registrations
from .voipat_bench import CALLER, CRASHED, DOMAIN, NOBODY, OUTSIDE, Box, box, only_call

pytestmark = pytest.mark.usefixtures("socket_enabled")

# -- domains and extensions (5.3, 5.4) --------------------------------------------------------------


async def test_domains_are_told_by_profile(python: Box, node: Box, docs: Box) -> None:
    """Domains are told by profile."""
    assert await python.get("/domains") == {"domains": [{"domain_name": DOMAIN}], "count": 1}
    everything = await python.get("/domains", headers={"X-API-Key": python.sim.global_key})
    assert everything["count"] == 3
    assert set(everything["domains"][0]) == {"domain_uuid", "domain_name", "domain_enabled", "domain_description"}
    every = (await node.get("/domains"))["domains"]
    assert [row["domain_name"] for row in every] == ["old-pbx.example.com", "other.example.net", DOMAIN]
    assert every[0]["domain_enabled"] is True
    node.sim.text_booleans = True
    assert (await node.get("/domains"))["domains"][0]["domain_enabled"] == "true"
    assert [row["domain_name"] for row in (await docs.get("/domains"))["domains"]] == [DOMAIN]


async def test_extensions_need_a_domain(python: Box, node: Box) -> None:
    """Extensions need a domain."""
    missing = {"type": "missing", "loc": ["query", "domain"], "msg": "Field required", "input": None}
    for path in ("/extensions", "/extensions/101", "/extensions/registrations"):
        assert await python.ask("GET", path) == (422, {"detail": [missing]})
        status, body = await node.ask("GET", path)
        assert (status, body["details"][0]["field"]) == (400, "domain")


async def test_the_list_of_extensions_is_broken_on_python_unless_switched(python: Box, node: Box) -> None:
    """The list of extensions is broken on Python unless switched."""
    path = f"/extensions?domain={DOMAIN}"
    assert await python.ask("GET", path) == (500, CRASHED)
    python.sim.extensions_broken = False
    listed = await python.get(path)
    assert listed["count"] == 5
    assert {"voicemail_enabled", "description"} <= set(listed["extensions"][0])
    row = (await node.get(path))["extensions"][0]
    assert (row["extension"], row["directory_first_name"], row["enabled"]) == ("101", "Anna", True)
    assert row["number_alias"] is None
    node.sim.text_booleans, node.sim.empty_text = True, "empty"
    row = (await node.get(path))["extensions"][0]
    assert (row["enabled"], row["number_alias"]) == ("true", "")
    node.sim.extensions_broken = True
    assert await node.ask("GET", path) == (500, {"error": 'column "voicemail_enabled" does not exist'})


async def test_extensions_are_sorted_as_text_and_only_enabled_ones(node: Box) -> None:
    """Extensions are sorted as text and only enabled ones."""
    node.sim.add_extension(Extension(number="1001", name="Late Comer"))
    node.sim.add_extension(Extension(number="99", name="Off", enabled=False))
    listed = (await node.get(f"/extensions?domain={DOMAIN}"))["extensions"]
    assert [row["extension"] for row in listed] == ["1001", "101", "102", "103", "104", "105"]
    node.sim.remove_extension("1001")
    assert (await node.get(f"/extensions?domain={DOMAIN}"))["count"] == 5


async def test_one_extension_is_short_on_python_and_has_the_password_on_node(python: Box, node: Box) -> None:
    """One extension is short on Python and has the password on Node."""
    path = f"/extensions/102?domain={DOMAIN}"
    row = (await python.get(path))["extension"]
    assert len(row) == 7
    assert row["effective_caller_id_name"] == "Luca Rossi"
    row = (await node.get(path))["extension"]
    assert (row["password"], row["call_timeout"], row["forward_all_enabled"]) == ("sip-secret-102", "30", None)
    assert len(row) > 55
    assert await python.ask("GET", f"/extensions/999?domain={DOMAIN}") == (404, {"detail": "Extension not found"})
    assert await node.ask("GET", f"/extensions/999?domain={DOMAIN}") == (404, {"error": "Extension not found"})


async def test_python_finds_an_extension_by_its_alias(python: Box, node: Box) -> None:
    """Python finds an extension by its alias."""
    for running, status in ((python, 200), (node, 404)):
        running.sim.add_extension(Extension(number="110", name="Eva", alias="eva"))
        assert (await running.ask("GET", f"/extensions/eva?domain={DOMAIN}"))[0] == status


async def test_do_not_disturb_shows_in_nodes_columns(node: Box) -> None:
    """Do not disturb shows in Node's columns."""
    node.sim.do_not_disturb("104")
    row = (await node.get(f"/extensions/104?domain={DOMAIN}"))["extension"]
    assert row["do_not_disturb"] == "true"


async def test_registrations_are_broken_everywhere_but_in_the_documentation(python: Box, node: Box, docs: Box) -> None:
    """Registrations are broken everywhere but in the documentation."""
    path = f"/extensions/registrations?domain={DOMAIN}"
    assert await python.ask("GET", path) == (500, CRASHED)
    assert await node.ask("GET", path) == (404, {"error": "Extension not found"})
    docs.sim.unregister("105")
    rows = (await docs.get(path))["registrations"]
    assert rows[0] == {"reg_user": "101", "reg_host": DOMAIN, "status": "Registered"}
    assert "105" not in [row["reg_user"] for row in rows]
    docs.sim.register("105")
    assert len((await docs.get(path))["registrations"]) == 5


@pytest.mark.parametrize("style", [each for each in Registrations if each is not Registrations.BROKEN])
@pytest.mark.parametrize("key", ["reg_user", "user", "sip_user", "sip-auth-user"])
async def test_registrations_come_in_any_shape_if_they_come(style: Registrations, key: Any) -> None:
    """Registrations come in any shape if they come."""
    async with box(registrations=style, registration_key=key, registration_with_domain=True) as python:
        answer = (await python.get(f"/extensions/registrations?domain={DOMAIN}"))["registrations"]
        rows = answer if style is Registrations.LIST else answer[style.value]
        assert rows[0][key] == f"101@{DOMAIN}"
        python.sim.registration_with_domain = False
        answer = (await python.get(f"/extensions/registrations?domain={DOMAIN}"))["registrations"]
        assert (answer if style is Registrations.LIST else answer[style.value])[0][key] == "101"


# -- call lists (5.5, 6) ----------------------------------------------------------------------------


async def test_nothing_up_is_an_empty_list(each: Box) -> None:
    """Nothing up is an empty list."""
    assert await each.get("/calls/active") == {"calls": [], "count": 0}
    assert await each.get("/calls/channels") == {"channels": [], "count": 0}


async def test_a_trunk_call_walks_from_ringing_to_gone(python: Box) -> None:
    """A trunk call walks from ringing to gone."""
    call_id = await python.sim.ring(CALLER, "101", name="Jöhn")
    trunk, phone = await python.legs()
    assert all(isinstance(value, str) for row in (trunk, phone) for value in row.values())
    assert len(trunk) == 38
    assert (trunk["uuid"], trunk["direction"], trunk["presence_id"]) == (call_id, "inbound", "")
    assert (trunk["cid_num"], trunk["cid_name"], trunk["context"]) == (CALLER, "Jöhn", DOMAIN)
    assert (phone["direction"], phone["presence_id"], phone["dest"]) == ("outbound", f"101@{DOMAIN}", "101")
    assert trunk["call_uuid"] == phone["call_uuid"] == call_id
    assert (phone["created"], phone["created_epoch"]) == ("2026-03-28 12:00:00", "1774692000")
    assert await python.states() == [("", "RINGING"), ("101", "RINGING")]
    await python.sim.answer(call_id, "101")
    assert await python.states() == [("", "ACTIVE"), ("101", "ACTIVE")]
    await python.sim.hold(call_id, "101")
    assert await python.states() == [("", "ACTIVE"), ("101", "HELD")]
    await python.sim.resume(call_id, "101")
    assert await python.states() == [("", "ACTIVE"), ("101", "UNHELD")]
    await python.sim.hang_up(call_id)
    assert await python.legs() == []


async def test_an_internal_call_has_two_phones(python: Box) -> None:
    """An internal call has two phones."""
    call_id = await python.sim.dial("104", "105")
    assert await python.states() == [("104", "RINGING"), ("105", "RINGING")]
    assert only_call(python.sim) == TrueCall(
        call_id=call_id,
        direction="internal",
        state="ringing",
        caller="104",
        callee="105",
        legs=(TrueLeg(extension="104", state="dialing"), TrueLeg(extension="105", state="ringing")),
    )
    await python.sim.answer(call_id)
    assert only_call(python.sim).state == "talking"


async def test_a_dialled_number_rings_outside(python: Box) -> None:
    """A dialled number rings outside."""
    call_id = await python.sim.dial("104", OUTSIDE)
    own, far = await python.legs()
    assert (own["dest"], own["presence_id"]) == (OUTSIDE, f"104@{DOMAIN}")
    assert (far["direction"], far["presence_id"], far["dest"]) == ("outbound", "", OUTSIDE)
    call = only_call(python.sim)
    assert (call.direction, call.state) == ("outgoing", "dialing")
    await python.sim.answer(call_id)
    await python.sim.hold(call_id, "104")
    assert only_call(python.sim).state == "on_hold"


async def test_new_legs_can_stay_down(python: Box) -> None:
    """New legs can stay down."""
    python.sim.ring_at_once = False
    call_id = await python.sim.ring(CALLER, "104")
    assert await python.legs() == [], "context public is not ours yet"
    everything = (await python.get("/calls/channels", headers={"X-API-Key": python.sim.global_key}))["channels"]
    assert (everything[0]["callstate"], everything[0]["context"]) == ("DOWN", "public")
    await python.sim.route(call_id)
    assert await python.states() == [("", "RINGING"), ("104", "RINGING")]
    dialled = await python.sim.dial("105", "103")
    assert ("105", "DOWN") in await python.states()
    await python.sim.route(dialled)
    assert ("103", "RINGING") in await python.states()


async def test_early_media_shows(python: Box) -> None:
    """Early media shows."""
    python.sim.early_media = True
    await python.sim.dial("104", OUTSIDE)
    assert await python.states() == [("104", "RINGING"), ("", "EARLY")]


async def test_a_machine_takes_a_call_and_lets_phones_ring(python: Box) -> None:
    """A machine takes a call and lets phones ring."""
    call_id = await python.sim.greet(CALLER, application="callcenter")
    (row,) = await python.legs()
    assert (row["callstate"], row["application"]) == ("ACTIVE", "callcenter")
    await python.sim.distribute(call_id, "104", "105")
    assert await python.states() == [("", "RING_WAIT"), ("104", "RINGING"), ("105", "RINGING")]
    await python.sim.answer(call_id, "105")
    assert await python.states() == [("", "ACTIVE"), ("105", "ACTIVE")]


async def test_voicemail_takes_what_nobody_answers(python: Box) -> None:
    """Voicemail takes what nobody answers."""
    call_id = await python.sim.ring(CALLER, "104")
    await python.sim.divert(call_id)
    (row,) = await python.legs()
    assert row["application"] == "voicemail"
    await python.sim.hang_up(call_id)
    record = (await python.get(f"/cdr/{call_id}"))["record"]
    assert (record["status"], record["last_app"], record["missed_call"]) == ("voicemail", "voicemail", True)


async def test_active_calls_are_pairs_and_single_legs(python: Box) -> None:
    """Active calls are pairs and single legs."""
    python.sim.trunk_accountcode = True
    call_id = await python.sim.ring(CALLER, "104")
    rows = (await python.get("/calls/active"))["calls"]
    assert [row["b_uuid"] for row in rows] == ["", ""]
    assert {row["call_created_epoch"] for row in rows} == {""}
    python.clock.now += 5
    await python.sim.answer(call_id, "104")
    (row,) = (await python.get("/calls/active"))["calls"]
    assert (row["uuid"], row["b_presence_id"]) == (call_id, f"104@{DOMAIN}")
    assert row["call_created_epoch"] == "1774692005"
    assert "context" not in row
    assert "b_call_uuid" not in row
    python.sim.b_call_uuid = True
    (row,) = (await python.get("/calls/active"))["calls"]
    assert row["b_call_uuid"] == call_id


async def test_a_trunk_leg_without_accountcode_disappears_from_active_calls(python: Box) -> None:
    """A trunk leg without accountcode disappears from active calls."""
    call_id = await python.sim.ring(CALLER, "104")
    assert [row["dest"] for row in (await python.get("/calls/active"))["calls"]] == ["104"]
    await python.sim.answer(call_id, "104")
    assert (await python.get("/calls/active"))["count"] == 0
    assert len(await python.legs()) == 2


async def test_active_calls_of_a_domain_are_always_empty_on_node(node: Box) -> None:
    """Active calls of a domain are always empty on Node."""
    await node.sim.ring(CALLER, "104")
    assert (await node.get(f"/calls/active?domain={DOMAIN}"))["count"] == 0
    assert (await node.get("/calls/active"))["count"] == 2
    assert len(await node.legs()) == 2


async def test_a_leg_with_its_own_accountcode_disappears_on_python(python: Box, node: Box) -> None:
    """A leg with its own accountcode disappears on Python."""
    for running, count in ((python, 1), (node, 2)):
        running.sim.add_extension(Extension(number="110", name="Eva", accountcode="sales"))
        await running.sim.ring(CALLER, "110")
        rows = await running.legs()
        assert len(rows) == count


async def test_old_freeswitch_lacks_columns(python: Box) -> None:
    """Old FreeSWITCH lacks columns."""
    python.sim.old_columns = True
    await python.sim.dial("104", "105")
    row = (await python.legs())[0]
    assert not [key for key in row if key == "accountcode" or key.startswith("initial_")]
    assert "accountcode" not in (await python.get("/calls/active"))["calls"][0]


async def test_the_servers_clock_face_can_be_anywhere(python: Box) -> None:
    """The server's clock face can be anywhere."""
    python.sim.server_utc_offset = -3600
    await python.sim.dial("104", "105")
    assert (await python.legs())[0]["created"] == "2026-03-28 09:00:00"


async def test_lists_glitch_as_often_as_wanted(each: Box) -> None:
    """Lists glitch as often as wanted."""
    await each.sim.dial("104", "105")
    each.sim.empty_list_glitch = 2
    assert [len(await each.legs()) for _ in range(3)] == [0, 0, 2]


async def test_foreign_tenants_leak_as_far_as_the_filter_lets_them(python: Box, node: Box, docs: Box) -> None:
    """Foreign tenants leak as far as the filter lets them."""
    for running in (python, node, docs):
        running.sim.foreign_tenant_rows = True
    own = {row["context"] for row in await python.legs()}
    assert own == {"old-pbx.example.com"}, "a part of a text is enough for Python"
    assert {row["context"] for row in await node.legs()} == own
    everything = (await node.get("/calls/channels"))["channels"]
    assert {row["context"] for row in everything} == {"old-pbx.example.com", "other.example.net"}
    assert (await python.get("/calls/channels"))["count"] == 2, "the key's own domain is enforced"
    assert python.sim.truth() == node.sim.truth() == []
    foreign = next(row["uuid"] for row in everything if row["context"] == "other.example.net")
    assert (await node.post(f"/calls/{foreign}/hold"))[0] == 200
    python.sim.foreign_tenant_rows = False
    assert await python.legs() == []


async def test_a_foreign_leg_is_not_ours_to_touch(python: Box) -> None:
    """A foreign leg is not ours to touch."""
    call_id = await python.sim.foreign_call()
    assert await python.ask("GET", f"/calls/channels/{call_id}") == (403, {"detail": "Access denied"})
    wanted = (403, {"detail": "Channel not found in your domain"})
    assert await python.post(f"/calls/{call_id}/hangup") == wanted
    as_global = {"headers": {"X-API-Key": python.sim.global_key}}
    assert (await python.post(f"/calls/{call_id}/hangup", **as_global))[0] == 200


async def test_one_channel(python: Box, node: Box) -> None:
    """One channel."""
    for running in (python, node):
        call_id = await running.sim.dial("104", "105")
        assert (await running.get(f"/calls/channels/{call_id}"))["channel"]["uuid"] == call_id
    assert await python.ask("GET", f"/calls/channels/{NOBODY}") == (404, {"detail": "Channel not found"})
    assert await node.ask("GET", f"/calls/channels/{NOBODY}") == (404, {"error": "Channel not found"})
    assert await python.ask("GET", "/calls/channels/abc-123") == (400, {"detail": "Invalid UUID format"})
    assert (await node.ask("GET", "/calls/channels/abc-123"))[0] == 404


async def test_the_documentation_names_the_fields_otherwise(docs: Box) -> None:
    """The documentation names the fields otherwise."""
    call_id = await docs.sim.ring(CALLER, "104")
    docs.clock.now += 7
    row = (await docs.get(f"/calls/active?domain={DOMAIN}"))["calls"][0]
    assert (row["caller_id_number"], row["destination_number"], row["duration"]) == (CALLER, "104", 7)
    assert "cid_num" not in row
    assert (await docs.get(f"/calls/channels/{call_id}"))["channel"]["caller_id_number"] == CALLER
