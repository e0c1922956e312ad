"""The simulated Voxloud keeps contacts as its contract says."""

import re
from typing import Any

import pytest

from .voxloud import EventType, UpdateMethod
from .voxloud_bench import CONTACT, V1, Bench

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def test_the_life_of_a_contact(bench: Bench) -> None:
    """Create, read, replace, delete; the update replaces the whole contact."""
    full = CONTACT | {"last_name": "Berg", "company_name": "Berg&Sons", "phones": ["+390655508888"]}
    _, made = await bench.ask("POST", f"{V1}/contacts", full)
    assert made["company_name"] == "Berg & Sons"
    assert made["crm_name"] == "Voxloud"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0[12]:00", made["created_at"])
    path = f"{V1}/contacts/{made['id']}"
    assert await bench.ask("GET", path) == (200, made)
    bench.clock.now += 60
    _, replaced = await bench.ask("PUT", path, CONTACT | {"crm_name": "Hubspot"})
    assert (replaced.get("last_name"), replaced["phones"], replaced["crm_name"]) == (None, [], "Hubspot")
    assert (replaced["created_at"], replaced["updated_at"] > made["updated_at"]) == (made["created_at"], True)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"first_name": None}, "first_name"),
        ({"first_name": ""}, "first_name"),
        ({"primary_phone": None}, "primary_phone"),
        ({"primary_phone": "0655509999"}, "primary_phone"),
        ({"phones": ["123"]}, "phones"),
        ({"phones": "+390655509998"}, "phones"),
        ({"emails": [1]}, "emails"),
        ({"website": 1}, "website"),
    ],
)
async def test_bad_contacts(bench: Bench, change: dict[str, Any], word: str) -> None:
    """A contact needs a first name and E.164 numbers."""
    status, answer = await bench.ask("POST", f"{V1}/contacts", CONTACT | change)
    assert status == 400
    assert word in answer["message"]


@pytest.mark.parametrize(("allowed", "status"), [(True, 200), (False, 400)])
@pytest.mark.parametrize("change", [{"last_name": ""}, {"phones": []}])
async def test_empty_values(bench: Bench, change: dict[str, Any], status: int, *, allowed: bool) -> None:
    """Empty texts and lists may be refused."""
    bench.sim.empty_values_allowed = allowed
    assert (await bench.ask("POST", f"{V1}/contacts", CONTACT | change))[0] == status


@pytest.mark.parametrize(("rewrite", "name"), [(True, "A & B"), (False, "A&B")])
async def test_rewrite_text(bench: Bench, name: str, *, rewrite: bool) -> None:
    """Free text may come back altered."""
    bench.sim.rewrite_text = rewrite
    assert (await bench.ask("POST", f"{V1}/contacts", CONTACT | {"company_name": "A&B"}))[1]["company_name"] == name


@pytest.mark.parametrize(
    ("method", "put", "post"),
    [(UpdateMethod.PUT, 200, 405), (UpdateMethod.BOTH, 200, 200), (UpdateMethod.POST, 405, 200)],
)
async def test_update_methods(bench: Bench, method: UpdateMethod, put: int, post: int) -> None:
    """Updates go by PUT, by both or by POST, each kind by its own switch."""
    bench.sim.update_method = bench.sim.contact_update_method = method
    contact = next(iter(bench.sim.contacts))
    hook = bench.listen(EventType.CALL_HANGUP)[0]
    body = {"id": hook, "callback_url": bench.hook, "event_type": "CALL_HANGUP"}
    for verb, status in (("PUT", put), ("POST", post)):
        assert (await bench.ask(verb, f"{V1}/contacts/{contact}", CONTACT))[0] == status
        assert (await bench.ask(verb, f"{V1}/webhook-subscriptions/{hook}", body))[0] == status


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["Giulia", "Oliver", "Nora"]),
        ({"first_name": "gIU"}, ["Giulia"]),
        ({"phone": "2002"}, ["Giulia"]),
        ({"email": "office@"}, ["Giulia"]),
        ({"email": "example", "last_name": "W"}, ["Oliver"]),
        ({"first_name": "Nora", "last_name": "W"}, []),
    ],
)
async def test_contact_search(bench: Bench, query: dict[str, str], names: list[str]) -> None:
    """Filters contain, ignore case and combine with AND."""
    _, answer = await bench.ask("GET", f"{V1}/contacts", params=query)
    assert [contact["first_name"] for contact in answer["data"]] == names
    assert answer["has_next"] is False


async def test_contact_pages(bench: Bench) -> None:
    """Pages follow each other until has_next is false; twenty is the default."""
    for number in range(20):
        bench.sim.save_contact(CONTACT | {"last_name": str(number)})
    _, first = await bench.ask("GET", f"{V1}/contacts")
    _, last = await bench.ask("GET", f"{V1}/contacts", params={"offset": "20", "limit": "3"})
    assert (len(first["data"]), first["has_next"], len(last["data"]), last["has_next"]) == (20, True, 3, False)


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "101"}, {"offset": "-1"}, {"offset": "x"}])
async def test_contact_page_limits(bench: Bench, query: dict[str, str]) -> None:
    """The limit is 1 to 100, the offset not negative."""
    assert (await bench.ask("GET", f"{V1}/contacts", params=query))[0] == 400
