"""Each card in a browser, with a Home Assistant that says what a test tells it."""

import json
from collections.abc import Callable, Coroutine, Iterator
from functools import wraps
from pathlib import Path
from typing import Any

import pytest
import pytest_socket
from playwright.async_api import FilePayload

from ..e2e.screenshot import CHROMIUM
from .stage import Json, Stage, account, call, party

pytestmark = [
    pytest.mark.browser,
    pytest.mark.usefixtures("socket_enabled"),
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason=f"There is no {CHROMIUM}"),
]

CALLS, DIAL, PHONES, PHONE, QUEUES, LIST = (
    f"pbx-{name}-card" for name in ("calls", "dial", "phones", "phone", "queues", "list")
)
POPUP = "pbx-call-popup"
ALL = (CALLS, DIAL, PHONES, PHONE, QUEUES, LIST)
EVIL = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script> **bold** [x](javascript:alert(1)) {{ 1 }}'
# Which parts of the script are there, some turns after the page has loaded it.
LOADED = """async () => {
  for (let turn = 0; turn < 5; turn++) await new Promise((done) => setTimeout(done, 20));
  const loaded = performance.getEntriesByType("resource").map((one) => one.name);
  return loaded.filter((name) => /-card-\\w+\\.js$/.test(name));
}"""
# Home Assistant takes its time for each action, the more the sooner it was asked.
SLOW = """(times) => {
  window.hass.callService = async (_domain, service, data) => {
    await new Promise((done) => setTimeout(done, times.shift() ?? 0));
    window.sent.push({service, data, target: null});
  };
}"""
FOCUSED = """() => {
  let found = document.activeElement;
  while (found.shadowRoot?.activeElement) found = found.shadowRoot.activeElement;
  return found.getAttribute("aria-label") ?? found.textContent.trim().replaceAll(/\\s+/g, " ");
}"""
BIDI = "\u202eevil\u2066\u200f"


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """Keep a browser open."""
    pytest_socket.enable_socket()
    with Stage() as opened:
        yield opened


def played(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run a test on the loop of the stage, and see that the browser had nothing to complain of."""

    @wraps(test)
    def run(stage: Stage, **more: Any) -> None:
        stage.run(test(stage, **more))
        assert stage.complaints == []

    return run


def record(number: int, **more: Any) -> Json:
    """Make a finished call."""
    return {
        "account": "house",
        "record_id": f"r{number}",
        "direction": "incoming",
        "outcome": "answered",
        "from_number": f"+4930{number:06}",
        "to_number": "101",
        "to_name": "Anna Keller",
        "started_at": f"2026-11-28T{11 - number // 60:02}:{59 - number % 60:02}:00+00:00",
        "duration": 65,
        **({"missed": True} if more.get("outcome") in {"missed", "voicemail"} else {}),
        **more,
    }


def busy_house(name: str = "", number: str = "+493023125101") -> Json:
    """Make an account in which much is going on."""
    figures = {"waiting": 1, "longest_wait": 90, "service_level": 50.0, "answered": 2}
    caller = party(number, name)
    up = (
        call("c1", "ringing", "101", "102", caller=caller),
        call("c2", "talking", "103", caller=caller, answered="2026-11-28T12:01:00+00:00"),
        call("c3", "on_hold", "104", caller=party(hidden=True), queue="q1"),
        {**call("c4", "dialing", "105"), "direction": "outgoing", "from": party("105", name), "to": caller},
        call("c5", "ringing", caller=caller, legs=[], queue="q1"),
    )
    agents: Json = {
        "a1": {"id": "a1", "name": name, "status": "available", "logged_in": True, "queues": {"q1": True}},
        "a2": {"id": "a2", "name": "Petr Novák", "status": "paused", "logged_in": True, "paused": True},
        "a3": {"id": "a3", "name": "Jana", "status": "logged_out", "logged_in": False},
    }
    queues = {
        "q1": {"id": "q1", "name": name or "Support", "agents_logged_in": 2, "agents_available": 1, **figures},
        "q2": {"id": "q2", "name": "Sales"},
    }
    can = [*account()["can"], "agent_login", "agent_logout", "agent_pause", "agent_unpause"]
    return account(calls=up, agents=agents, queues=queues, can=can, missed=3)


HISTORY: Json = {
    "records": [
        record(1, recording_id="rec1", summary="Ordered bread", transcription="Hello"),
        record(2, outcome="missed", from_name="Bakery Schmidt", duration=0),
        record(3, direction="outgoing", outcome="busy", from_number="101", to_number="+4940123", to_name=""),
        record(70, outcome="voicemail", voicemail=True, started_at="2026-11-26T12:00:00+00:00"),
    ],
    "cursor": None,
    "failed": [
        {
            "account": "house",
            "error": "x",
            "translation_key": "cannot_connect",
            "translation_placeholders": {"provider": "Fake PBX"},
        }
    ],
}
MINE: Json = {"extension": "house/101", "popup": "mine"}


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("width", [1600, 390])
@pytest.mark.parametrize("dark", [False, True])
@played
async def test_accessible(stage: Stage, language: str, width: int, *, dark: bool) -> None:
    """axe-core finds nothing on a busy page, in either direction; nothing is wider than the window."""
    page = await stage.show(
        *ALL,
        "pbx-status-badge",
        accounts=[busy_house("Bakery"), account("other")],
        me=MINE,
        language=language,
        dark=dark,
        width=width,
        answers={"pbx/history": HISTORY},
    )
    await page.locator(LIST).get_by_role("button").filter(has_text="+4930000001").click()
    await page.locator(CALLS).locator("[data-call=c2]").get_by_role("button").nth(1).click()
    await page.locator("pbx-call-popup article").wait_for()
    assert await stage.violations() == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("accounts", [[], [account(phones=0)], [account(known=False)]], ids=["none", "empty", "away"])
@played
async def test_quiet(stage: Stage, accounts: list[Json]) -> None:
    """Nothing to show is shown as well, and said in words."""
    page = await stage.show(*ALL, "pbx-status-badge", accounts=accounts)
    assert await stage.violations() == []
    text = await page.locator(f"{CALLS} ha-card").inner_text()
    if not accounts:
        assert "There is no phone system that you may see" in text
    elif accounts[0]["known"]:
        assert "All is quiet" in text
    else:
        assert "House cannot be reached" in text


@pytest.mark.parametrize("name", [EVIL, BIDI, "X" * 200], ids=["markup", "bidi", "long"])
@played
async def test_names_are_text(stage: Stage, name: str) -> None:
    """Whatever a stranger is called is shown as it is, does nothing, and stays in its place."""
    records = {"records": [record(1, from_name=name, to_name=name, summary=name)], "cursor": None, "failed": []}
    house = busy_house(name)
    house["extensions"]["101"]["name"] = house["title"] = name
    page = await stage.show(
        *ALL, accounts=[house, account("other")], me=MINE, width=800, answers={"pbx/history": records}
    )
    for row in (
        page.locator(f"{CALLS} [data-call=c2] .name"),
        page.locator(f"{PHONES} [data-extension='101'] .title").first,
        page.locator(f"{LIST} .title").first,
    ):
        await row.wait_for()
        assert name in (await row.text_content() or "")
        assert await row.evaluate("e => getComputedStyle(e.querySelector('bdi')).unicodeBidi") == "isolate"
    assert await page.evaluate("window.hacked") is None
    assert await page.evaluate("document.documentElement.scrollWidth") <= 800


@played
async def test_a_number_keeps_its_plus_in_front(stage: Stage) -> None:
    """Also where everything else runs from the right."""
    await stage.show(CALLS, accounts=[account(calls=(call("c1", caller=party("+4930231")),))], language="ar")
    number = stage.page.locator(f"{CALLS} .name bdi")
    assert await number.get_attribute("dir") == "ltr"


# -- live calls --------------------------------------------------------------------------------------


@played
async def test_calls_come_change_and_go(stage: Stage) -> None:
    """A row follows its call; the row of one that is over stays for a second."""
    page = await stage.show(CALLS, accounts=[account()])
    await page.get_by_text("All is quiet").wait_for()
    await stage.tell(type="delta", id="house", calls={"c1": call("c1")})
    row = page.locator("[data-call=c1]")
    assert "Bakery Schmidt" in await row.inner_text()
    assert "Anna Keller" in await row.inner_text()
    assert "Incoming" in await row.inner_text()  # for a screen reader
    await stage.tell(type="delta", id="house", calls={"c1": call("c1", "talking")})
    assert await row.get_attribute("data-state") == "talking"
    await stage.tell(type="delta", id="house", calls={"c1": None})
    assert "over" in (await row.get_attribute("class") or "")
    assert await row.get_by_role("button").count() == 0
    await row.wait_for(state="detached", timeout=3000)
    await page.get_by_text("All is quiet").wait_for()


@played
async def test_the_next_call_fills_the_row_of_the_last_one(stage: Stage) -> None:
    """Of a call that is over nothing is seen, its row is kept to be filled again, and nothing of it stays in there."""
    page = await stage.show(CALLS, accounts=[account()], me={**MINE, "popup": "off"})
    out = {"direction": "outgoing", "from": party("101", "Anna Keller"), "to": party("+4930123")}
    first = {**call("c1", "talking"), **out}
    await stage.tell(type="delta", id="house", calls={"c1": first})
    await page.locator("[data-call=c1]").evaluate("(row) => { window.row = row; }")
    await page.get_by_role("button", name="More").click()
    await page.get_by_role("button", name="Keypad").click()
    await stage.tell(type="delta", id="house", calls={"c1": None})
    await page.get_by_text("All is quiet").wait_for()
    rows = page.locator(f"{CALLS} li")
    assert await rows.count() == 1
    assert not await rows.is_visible()
    assert not await page.get_by_text("+4930123").is_visible()
    assert await page.get_by_role("listitem").count() == 0
    assert await page.get_by_role("button", name="Hang up").count() == 0
    await stage.tell(type="delta", id="house", calls={"c2": call("c2"), "c3": call("c3")})
    row = page.locator("[data-call=c2]")
    assert await row.evaluate("(row) => row === window.row")
    assert await rows.count() == 2
    text = await row.inner_text()
    assert "Bakery Schmidt" in text
    assert "Incoming" in text
    assert "+4930123" not in text
    assert await row.get_attribute("data-state") == "ringing"
    assert await row.get_by_role("group", name="Keypad").count() == 0
    names = "(row) => [...row.querySelectorAll('button')].map((button) => button.getAttribute('aria-label'))"
    assert await row.evaluate(names) == await page.locator("[data-call=c3]").evaluate(names) != []
    assert not await page.get_by_text("All is quiet").is_visible()


@played
async def test_no_clock_runs_in_a_row_out_of_sight(stage: Stage) -> None:
    """What counts the seconds of a call ends with it, and counts those of the next call in the same row."""
    page = await stage.show(CALLS, accounts=[account()], me={**MINE, "popup": "off"})
    await page.evaluate(
        """() => {
            const [begin, end] = [window.setInterval, window.clearInterval];
            window.running = new Set();
            window.setInterval = (...more) => { const id = begin(...more); window.running.add(id); return id; };
            window.clearInterval = (id) => { window.running.delete(id); end(id); };
        }"""
    )
    for call_id in ("c1", "c2"):
        await stage.tell(type="delta", id="house", calls={call_id: call(call_id)})
        row = page.locator(f"[data-call={call_id}]")
        assert ":" in await row.locator("pbx-since").inner_text()
        assert await page.evaluate("window.running.size") == 1
        await stage.tell(type="delta", id="house", calls={call_id: None})
        await page.get_by_text("All is quiet").wait_for()
        assert await page.locator(f"{CALLS} li").count() == 1
        assert await page.evaluate("window.running.size") == 0


@pytest.mark.parametrize("others", [(), ("other",)])
@played
async def test_nothing_is_kept_of_an_account_that_is_gone(stage: Stage, others: tuple[str, ...]) -> None:
    """With the account the row of its last call is gone, also where there are other accounts to show."""
    page = await stage.show(CALLS, accounts=[account(calls=(call("c1"),)), *map(account, others)])
    await page.locator("[data-call=c1]").wait_for()
    await stage.tell(type="delta", id="house", calls={"c1": None})
    await page.get_by_text("All is quiet").wait_for()
    assert await page.locator(f"{CALLS} li").count() == 1
    await stage.tell(type="gone", id="house")
    await page.locator(f"{CALLS} li").wait_for(state="detached")


@played
async def test_somebody_without_a_number(stage: Stage) -> None:
    """Whoever calls hides it; whoever is called does not, but the phone system may not tell."""
    out = {**call("c2", "dialing", "103"), "direction": "outgoing", "from": party("103", "Chiara"), "to": party()}
    page = await stage.show(CALLS, accounts=[account(calls=(call("c1", caller=party(hidden=True)), out))])
    assert "Hidden number" in await page.locator("[data-call=c1]").inner_text()
    assert "Unknown number" in await page.locator("[data-call=c2]").inner_text()


@played
async def test_commands(stage: Stage) -> None:
    """Each button performs its action, on the state that the person saw, and my phone's with my phone alone."""
    up = (call("c1", "ringing", "101", "102"), call("c2", "talking", "103"), call("c3", "on_hold", "104"))
    page = await stage.show(CALLS, accounts=[account(calls=up)], me={**MINE, "popup": "off"})
    house = {"config_entry_id": "house"}

    async def press(call_id: str, name: str) -> list[Json]:
        await page.locator(f"{CALLS} [data-call={call_id}]").get_by_role("button", name=name).click()
        return await stage.sent()

    mine = {"device_id": "device-house-101"}
    assert await press("c1", "Answer") == [
        {"service": "answer", "data": {**house, "expected_state": "ringing"}, "target": mine}
    ]
    assert await press("c1", "Reject") == [
        {"service": "hangup", "data": {**house, "expected_state": "ringing"}, "target": mine}
    ]
    assert await press("c1", "More") == []
    for_all = {"service": "hangup", "data": {**house, "call_id": "c1", "expected_state": "ringing"}, "target": None}
    assert await press("c1", "Hang up for all phones") == [for_all]
    held = {**house, "call_id": "c2", "expected_state": "talking"}
    assert await press("c2", "Hold") == [{"service": "hold", "data": held, "target": None}]
    resumed = {**house, "call_id": "c3", "expected_state": "on_hold"}
    assert await press("c3", "Resume") == [{"service": "unhold", "data": resumed, "target": None}]
    hung_up = {**house, "call_id": "c3", "expected_state": "on_hold"}
    assert await press("c3", "Hang up") == [{"service": "hangup", "data": hung_up, "target": None}]
    await press("c2", "Transfer")
    await page.locator(f"{CALLS} pbx-finder input:focus").wait_for()  # its code comes when it is wanted
    await page.keyboard.type("luca")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    transferred = {**house, "call_id": "c2", "expected_state": "talking", "number": "102"}
    assert await stage.sent() == [{"service": "transfer", "data": transferred, "target": None}]
    await press("c2", "More")
    await press("c2", "Keypad")
    await page.get_by_role("button", name="5", exact=True).click()
    keyed = {**house, "call_id": "c2", "expected_state": "talking", "digits": "5"}
    assert await stage.sent() == [{"service": "send_dtmf", "data": keyed, "target": None}]


@played
async def test_only_what_the_phone_system_can(stage: Stage) -> None:
    """Without a capability there is no button."""
    up = (call("c1"), call("c2", "talking", "102"))
    await stage.show(CALLS, accounts=[account(calls=up, can=["hangup"])])
    names = [await one.get_attribute("title") for one in await stage.page.locator(CALLS).get_by_role("button").all()]
    assert names == ["Hang up", "Hang up"]
    await stage.show(CALLS, accounts=[account(calls=up, can=[])])
    assert await stage.page.locator(CALLS).get_by_role("button").count() == 0


@played
async def test_a_refusal_is_shown_in_the_language_of_the_user(stage: Stage) -> None:
    """In the words of the integration, with the phone system's own reason."""
    await stage.show(CALLS, accounts=[account(calls=(call("c1", "talking"),))], language="de")
    await stage.page.evaluate(
        """window.refusal = {message: "Fake PBX refused: closed", translation_domain: "pbx", translation_key: "refused",
            translation_placeholders: {provider: "Fake PBX", reason: "other", answer: "closed", code: ""}}"""
    )
    await stage.button(CALLS, "Halten").click()
    shown = await stage.page.locator(CALLS).get_by_role("alert").inner_text()
    assert "closed" in shown
    assert "refused" not in shown


@played
async def test_a_refusal_goes_with_its_call(stage: Stage) -> None:
    """What was refused to a call that is over is of no use."""
    up = {one["id"]: one for one in (call("c1", "talking"), call("c2", "talking", "102"))}
    page = await stage.show(CALLS, accounts=[account(calls=tuple(up.values()))])
    await page.evaluate("window.refusal = {message: 'Too late'}")
    await page.locator("[data-call=c1]").get_by_role("button", name="Hold").click()
    refusal = page.get_by_role("alert").filter(has_text="Too late")
    await refusal.wait_for()
    await stage.tell(type="delta", id="house", calls={"c2": None})
    await page.locator("[data-call=c2]").wait_for(state="detached")
    assert await refusal.count() == 1
    await stage.tell(type="delta", id="house", calls={"c1": None})
    await refusal.wait_for(state="detached")


@played
async def test_one_render_for_many_calls(stage: Stage) -> None:
    """A hundred calls at once are drawn in a few renders, and what is not ours draws nothing."""
    page = await stage.show(CALLS, PHONES, accounts=[account(phones=100)])
    await page.evaluate(
        """async (made) => {
            window.pbxRenders = {};
            for (const call of made) window.tell({type: "delta", id: "house", calls: {[call.id]: call}});
            const cards = document.querySelectorAll("main > *");
            for (let i = 0; i < 100; i++) for (const card of cards) card.hass = {...window.hass};
            await new Promise(requestAnimationFrame);
        }""",
        [call(f"c{index}", "ringing", str(101 + index)) for index in range(100)],
    )
    assert await page.locator(f"{CALLS} li").count() == 100
    renders: dict[str, int] = await page.evaluate("window.pbxRenders")
    assert all(count <= 5 for count in renders.values()), renders
    await page.evaluate(
        """async () => {
            window.pbxRenders = {};
            const cards = document.querySelectorAll("main > *");
            for (let i = 0; i < 100; i++) for (const card of cards) card.hass = {...window.hass};
            await new Promise(requestAnimationFrame);
        }"""
    )
    assert await page.evaluate("window.pbxRenders") == {}


@pytest.mark.parametrize(
    ("me", "drawn"), [({"popup": "off"}, 0), ({**MINE, "extension": "house/105"}, 0), (MINE, 1), ({"popup": "all"}, 1)]
)
@played
async def test_the_pop_up_draws_what_it_shows(stage: Stage, me: Json, drawn: int) -> None:
    """Calls that are none of this user's draw nothing; one that is shown goes when it is over."""
    page = await stage.show(CALLS, accounts=[account()], me=me)
    await page.get_by_text("All is quiet").wait_for()
    await page.evaluate("window.pbxRenders = {}")
    await stage.tell(type="delta", id="house", calls={"c1": call("c1")})
    await page.locator("[data-call=c1]").first.wait_for()
    renders = await page.evaluate("window.pbxRenders")
    assert (POPUP in renders, CALLS in renders) == (drawn > 0, True)
    assert await page.locator(f"{POPUP} article").count() == drawn
    await stage.tell(type="delta", id="house", calls={"c1": None})
    await page.get_by_text("All is quiet").wait_for()
    assert await page.locator(f"{POPUP} article").count() == 0


@played
async def test_another_version(stage: Stage) -> None:
    """A page that is older than the integration asks to be loaded again."""
    page = await stage.show(CALLS, accounts=[account()], version=2)
    await page.get_by_text("Reload this page").wait_for()


@played
async def test_after_a_restart(stage: Stage) -> None:
    """Calls are shown again, though the page was there before the integration was."""
    page = await stage.show(CALLS, accounts=[account(calls=(call("c1"),))])
    await page.locator("[data-call=c1]").wait_for()
    again = [{"type": "snapshot", "version": 1, "accounts": [account(calls=(call("c2"),))]}]
    await page.evaluate("(again) => { window.absent = 2; window.first = again; window.reconnect(); }", again)
    await page.locator("[data-call=c2]").wait_for()


@played
async def test_cards_of_a_view_that_was_away(stage: Stage) -> None:
    """What happened while Home Assistant showed another view is on the cards when it shows theirs again."""
    page = await stage.show(
        CALLS, PHONES, LIST, "pbx-contacts-card", accounts=[account(calls=(call("c1", "talking"),))]
    )
    await page.locator("[data-call=c1]").wait_for()
    await page.get_by_text("No contacts").wait_for()
    await page.evaluate(
        """(found) => {
            const room = document.querySelector("main");
            const cards = [...room.children];
            room.replaceChildren();
            const extensions = {101: {number: "101", state: "idle"}};
            window.tell({type: "delta", id: "house", calls: {c1: null, c2: null}, extensions});
            window.answers["pbx/history"] = {records: [found], cursor: null, failed: []};
            window.answers["pbx/phone_book/list"] = {entries: [{id: "e1", name: "Eva"}], groups: []};
            room.append(...cards);
        }""",
        record(1),
    )
    await page.locator("[data-call=c1]").wait_for(state="detached")
    assert await page.locator("[data-extension='101']").get_attribute("data-state") == "idle"
    await page.locator(f"{LIST} [data-record=r1]").wait_for()
    await page.locator("[data-entry=e1]").wait_for()


@played
async def test_whoever_types_keeps_the_focus(stage: Stage) -> None:
    """Also where the row in which one types takes another place."""
    up = (
        call("c1", "on_hold", started="2026-11-28T11:00:00+00:00"),
        call("c2", "talking", "102", answered="2026-11-28T12:01:00+00:00"),
    )
    page = await stage.show(CALLS, accounts=[account(calls=up)])
    await page.locator("[data-call=c2]").get_by_role("button", name="Transfer").press("Enter")
    await page.locator(f"{CALLS} pbx-finder input:focus").wait_for()
    await page.keyboard.type("10")
    await stage.tell(type="delta", id="house", calls={"c1": {**up[0], "state": "talking"}})
    rows = page.locator(f"{CALLS} li[data-call]")
    assert await rows.evaluate_all("rows => rows.map((row) => row.dataset.call)") == ["c1", "c2"]
    await page.keyboard.type("3")
    assert await page.locator(f"{CALLS} pbx-finder input").input_value() == "103"


@pytest.mark.parametrize(
    ("card", "button", "service"),
    [
        (CALLS, "Hold: Ada", "hold"),
        (PHONE, "Answer: Ada", "answer"),
        (QUEUES, "Pause: Ada", "agent_pause"),
        (POPUP, "Answer: Ada", "answer"),
    ],
)
@played
async def test_who_presses_twice_means_it_once(stage: Stage, card: str, button: str, service: str) -> None:
    """Also where the answer is slow, and whoever presses a key is still there afterwards."""
    page = await stage.show(*({card} - {POPUP}), accounts=[busy_house("Ada")], me=MINE)
    await page.evaluate(SLOW, [300, 300])
    pressed = page.locator(card).get_by_role("button", name=button).first
    for _ in range(2):
        await pressed.press("Enter")
    assert await page.evaluate(FOCUSED) == button
    await page.wait_for_timeout(700)
    assert await page.evaluate(FOCUSED) == button
    assert [one["service"] for one in await stage.sent()] == [service]


@pytest.mark.parametrize(("me", "told"), [(MINE, 1), ({**MINE, "popup": "off"}, 1), ({**MINE, "popup": "all"}, 1)])
@played
async def test_a_screen_reader_says_once_who_calls(stage: Stage, me: Json, told: int) -> None:
    """By the pop-up or, where none comes, by the card."""
    page = await stage.show(CALLS, accounts=[account(calls=(call("c1"),))], me=me)
    await page.locator("[data-call=c1]").first.wait_for()
    said = page.locator("[role=alert], [role=status]").filter(has_text="Incoming call: Bakery Schmidt")
    assert await said.count() == told


@pytest.mark.parametrize(
    ("card", "opener", "how"),
    [
        (PHONES, "Luca Rossi", None),
        ("pbx-contacts-card", "Edit: Grace Okafor", "Cancel"),
        ("pbx-contacts-card", "Edit: Grace Okafor", "Save"),
    ],
)
@played
async def test_the_focus_goes_back(stage: Stage, card: str, opener: str, how: str | None) -> None:
    """Whoever closes what a key has opened is where the key was pressed."""
    answers = {"pbx/phone_book/list": BOOK, "pbx/phone_book/update": {}}
    page = await stage.show(card, accounts=[account()], me=MINE, answers=answers)
    pressed = page.locator(card).get_by_role("button", name=opener)
    await pressed.press("Enter")
    inside = page.get_by_role("button", name=how or "Call", exact=True)
    await inside.focus()
    await page.keyboard.press("Enter" if how else "Escape")
    await inside.wait_for(state="hidden")
    assert await pressed.evaluate("(button) => button.getRootNode().activeElement === button")


@pytest.mark.parametrize("card", [CALLS, PHONE])
@played
async def test_a_second_press_meant_the_first_button(stage: Stage, card: str) -> None:
    """Once a call is answered other buttons stand where the finger still is; a moment later they are pressed."""
    page = await stage.show(card, accounts=[account(calls=(call("c1"),))], me={**MINE, "popup": "off"})
    answer = page.locator(card).get_by_role("button", name="Answer")
    await answer.click()
    place = await answer.bounding_box()
    assert place
    middle = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2
    await stage.tell(type="delta", id="house", calls={"c1": call("c1", "talking")})
    await answer.wait_for(state="detached")
    await page.mouse.click(*middle)
    assert [one["service"] for one in await stage.sent()] == ["answer"]
    await page.locator(card).get_by_role("button", name="Hold").click()
    assert [one["service"] for one in await stage.sent()] == ["hold"]


@played
async def test_digits_keep_their_order(stage: Stage) -> None:
    """However long each takes."""
    page = await stage.show(CALLS, accounts=[account(calls=(call("c1", "talking"),))])
    await page.evaluate(SLOW, [200, 100, 0])
    await stage.button(CALLS, "More").click()
    await stage.button(CALLS, "Keypad").click()
    for key in "123":
        await page.get_by_role("button", name=key, exact=True).click()
    await page.locator(f"{CALLS} output", has_text="123").wait_for()
    assert [one["data"]["digits"] for one in await stage.sent()] == ["1", "2", "3"]


@pytest.mark.parametrize("width", [1024, 320, 195])
@played
async def test_everything_stays_in_its_place(stage: Stage, width: int) -> None:
    """Long names, and a narrow window as with a zoom of 200 or 400 percent: no button is out of reach or cut off."""
    book = {"entries": [{"id": "e1", "name": "X" * 200, "groups": ["Z" * 60]}], "groups": ["Z" * 60]}
    page = await stage.show(
        CALLS,
        PHONE,
        QUEUES,
        "pbx-contacts-card",
        accounts=[busy_house("X" * 200), account("other")],
        me=MINE,
        language="de",
        width=width,
        answers={"pbx/phone_book/list": book},
    )
    await page.locator("[data-entry=e1]").wait_for()
    outside = await page.evaluate(
        """() => {
            const found = [];
            const walk = (root, box) => {
                for (const element of root.children ?? []) {
                    const own = element.matches("ha-card, article, section") ? element.getBoundingClientRect() : box;
                    const {left, right} = element.getBoundingClientRect();
                    const cut = element.matches(".wide, .chip") && element.scrollWidth > element.clientWidth;
                    if (element.matches("button, h3, li, .account") && (left < own.left || right > own.right || cut)) {
                        found.push(element.outerHTML.slice(0, 160));
                    }
                    walk(element, own);
                    if (element.shadowRoot) walk(element.shadowRoot, own);
                }
            };
            walk(document.body, null);
            return found;
        }"""
    )
    assert outside == []


# -- dial pad ----------------------------------------------------------------------------------------


@played
async def test_dial_by_name(stage: Stage) -> None:
    """Phones match at once, contacts a moment later; the keys choose; my phone rings first."""
    contact = {"account": "house", "name": "Grace Okafor", "number": "+442079460123", "company": "Tea Ltd"}
    page = await stage.show(
        DIAL, accounts=[account()], me=MINE, answers={"pbx/search": {"contacts": [contact], "failed": []}}
    )
    box = page.get_by_role("combobox", name="Number or name")
    await box.click()
    await page.keyboard.type("chl")
    await page.get_by_role("option").filter(has_text="Chloé Martin").wait_for()
    await box.fill("gra")
    option = page.get_by_role("option").filter(has_text="Grace Okafor")
    await option.wait_for()
    assert "Tea Ltd" in await option.inner_text()
    await page.keyboard.press("ArrowDown")
    assert await box.get_attribute("aria-activedescendant") == await option.get_attribute("id")
    await page.keyboard.press("Enter")
    assert await box.input_value() == "+442079460123"
    await page.keyboard.press("Enter")
    await page.get_by_text("Pick up Anna Keller").wait_for()
    placed = {"config_entry_id": "house", "extension": "101", "number": "+442079460123"}
    assert await stage.sent() == [{"service": "click_to_call", "data": placed, "target": None}]


@played
async def test_the_next_number_is_typed_meanwhile(stage: Stage) -> None:
    """While the call before is placed; a contact whose number is masked cannot be called."""
    masked = {
        "contacts": [{"name": "Grace", "number": "+44 ••••0123"}, {"name": "Gregor", "number": "+44"}],
        "failed": [],
    }
    page = await stage.show(DIAL, accounts=[account()], me=MINE, answers={"pbx/search": masked})
    await page.evaluate(SLOW, [300])
    box = page.get_by_role("combobox")
    await box.fill("102")
    await box.press("Enter")
    await box.fill("gr")
    await page.get_by_text("Pick up Anna Keller").wait_for()
    assert await box.input_value() == "gr"
    await page.get_by_role("option").wait_for()  # the search is slower at times
    assert await page.get_by_role("option").count() == 1


@played
async def test_keypad(stage: Stage) -> None:
    """Keys write digits, a long press a plus, and digits spell names."""
    page = await stage.show(DIAL, accounts=[account()], me=MINE)
    zero = page.get_by_role("button", name="0", exact=True)
    await zero.click(delay=600)
    for digit in "49":
        await page.get_by_role("button", name=digit, exact=True).click()
    await page.wait_for_timeout(600)
    await zero.press("Enter")  # by keyboard, long after a key was pressed with the pointer
    box = page.get_by_role("combobox")
    assert await box.input_value() == "+490"
    await box.fill("5822")  # Luca
    await page.get_by_role("option").filter(has_text="Luca Rossi").wait_for()


@played
async def test_choose_phone_and_pop_up(stage: Stage) -> None:
    """Who has no phone yet is asked for it; the choice is kept for the user."""
    page = await stage.show(DIAL, accounts=[account()])
    await page.get_by_label("My phone").select_option("house/102")
    await page.get_by_label("My phone").wait_for(state="detached")
    await page.get_by_role("button", name="Settings").click()
    await page.get_by_text("My phone", exact=True).click()
    await page.get_by_role("radio", name="My phone").press("ArrowRight")
    assert await page.get_by_role("radio", name="All calls").is_checked()
    assert await page.get_by_role("radio", checked=True).count() == 1
    await page.get_by_label("Ring sound").check()
    asked = await page.evaluate(
        "window.asked.filter((one) => one.type === 'pbx/me/set').map(({type, ...rest}) => rest)"
    )
    assert asked == [{"extension": "house/102"}, {"popup": "mine"}, {"popup": "all"}, {"sound": True}]


@played
async def test_a_choice_that_is_not_kept_is_not_shown(stage: Stage) -> None:
    """Why it was refused is."""
    page = await stage.show(DIAL, accounts=[account()], me=MINE)
    await page.evaluate("delete window.answers['pbx/me/set']")
    await page.get_by_role("button", name="Settings").click()
    await page.get_by_role("radio", name="All calls").press(" ")
    await page.get_by_label("Ring sound").click()
    await page.get_by_role("alert").filter(has_text="Unknown command").wait_for()
    assert await page.get_by_role("radio", name="My phone").is_checked()
    assert not await page.get_by_label("Ring sound").is_checked()


@played
async def test_the_arrow_keys_stay_in_sight(stage: Stage) -> None:
    """Also where more are found than fit."""
    page = await stage.show(DIAL, accounts=[account(phones=20)], me=MINE)
    await page.get_by_role("combobox").fill("1")
    await page.keyboard.press("ArrowUp")
    chosen = await page.locator("[role=option][aria-selected=true]").bounding_box()
    shown = await page.get_by_role("listbox").bounding_box()
    assert chosen
    assert shown
    assert chosen["y"] + chosen["height"] <= shown["y"] + shown["height"]


SHOWS: list[Json] = [{"number": "+493023125000", "label": "Office"}, {"number": "+493023125001"}]


def house_that_shows(*shows: Json, **more: Any) -> Json:
    """Make an account where one chooses which of these numbers others see."""
    house = account(can=[*account()["can"], "caller_id"], **more)
    house["extensions"]["101"]["shows"] = list(shows)
    return house


@played
async def test_choose_the_caller_id(stage: Stage) -> None:
    """By keyboard, in the settings; it is kept for the user, seen from then on, and not told to our own phones."""
    page = await stage.show(DIAL, accounts=[house_that_shows(*SHOWS)], me=MINE, language="de")
    choice = page.get_by_label("Angezeigte Nummer")
    assert await choice.count() == 0
    await page.get_by_role("button", name="Einstellungen").click()
    options = [(await one.text_content() or "").strip() for one in await choice.locator("option").all()]
    assert options == ["Übliche Nummer", "Office \u2066+493023125000\u2069", "\u2066+493023125001\u2069"]
    assert await stage.violations() == []
    await choice.focus()
    await page.keyboard.press("ArrowDown")
    chosen = await page.evaluate("window.asked.filter((one) => one.type === 'pbx/me/set')")
    assert chosen == [{"type": "pbx/me/set", "caller_id": "house/+493023125000"}]
    await page.get_by_role("button", name="Einstellungen").click()
    assert await choice.input_value() == "+493023125000"
    placed = {"config_entry_id": "house", "extension": "101"}
    for number, shown in (("+4930231", {"caller_id_number": "tel:+493023125000"}), ("102", {})):
        await page.get_by_role("combobox", name="Nummer oder Name").fill(number)
        await page.keyboard.press("Enter")
        await page.get_by_text("Anna Keller").wait_for()
        assert await stage.sent() == [
            {"service": "click_to_call", "data": {**placed, "number": number, **shown}, "target": None}
        ]


@played
async def test_type_the_caller_id(stage: Stage) -> None:
    """Where the phone system does not say which numbers there are."""
    page = await stage.show(DIAL, accounts=[house_that_shows()], me=MINE)
    await page.get_by_role("button", name="Settings").click()
    await page.get_by_label("Caller ID").fill(" 800 123 ")
    await page.keyboard.press("Tab")
    await page.get_by_role("combobox", name="Number or name").fill("+4930231")
    await page.keyboard.press("Enter")
    [sent] = await stage.sent()
    assert sent["data"]["caller_id_number"] == "800 123"
    await page.get_by_label("Caller ID").fill("")
    await page.keyboard.press("Tab")
    await page.wait_for_function("window.me.caller_id === null")


CHOSEN = "house/+493023125001"


@pytest.mark.parametrize(
    ("house", "chosen", "shown"),
    [
        (house_that_shows(*SHOWS), CHOSEN, "tel:+493023125001"),
        (house_that_shows(*SHOWS), None, None),
        (house_that_shows(*SHOWS[:1]), CHOSEN, None),
        (house_that_shows(*SHOWS), "other/+493023125001", None),
        (account(), CHOSEN, None),
    ],
    ids=["chosen", "usual", "gone", "another account's", "cannot"],
)
@played
async def test_call_back_shows_the_chosen_number(
    stage: Stage, house: Json, chosen: str | None, shown: str | None
) -> None:
    """What was chosen on the dial pad goes with every call to the outside, as long as it is there to choose."""
    history = {"records": [record(1, from_number="+4930111")], "cursor": None, "failed": []}
    page = await stage.show(LIST, accounts=[house], me={**MINE, "caller_id": chosen}, answers={"pbx/history": history})
    await page.locator(LIST).get_by_role("button").filter(has_text="+4930111").click()
    await page.get_by_role("button", name="Call back").click()
    [sent] = await stage.sent()
    assert sent["data"]["number"] == "tel:+4930111"
    assert sent["data"].get("caller_id_number") == shown


@played
async def test_parts_of_an_older_version(stage: Stage) -> None:
    """A page that was open while the integration was updated says so where it lacks a part, and keeps the rest."""
    page = await stage.show(CALLS, accounts=[account(calls=(call("c1", "talking"),))])
    await page.route("**/finder-*.js", lambda route: route.fulfill(status=404))
    await stage.button(CALLS, "Transfer").click()
    await page.get_by_text("Reload this page").wait_for()
    await stage.button(CALLS, "Hold").click()
    assert [one["service"] for one in await stage.sent()] == ["hold"]
    stage.complaints[:] = [one for one in stage.complaints if "404" not in one]


@played
async def test_a_button_dials_no_name(stage: Stage) -> None:
    """As with Enter, whoever is found is meant; what another account calls 102 is another phone."""
    names = account("other")
    names["extensions"]["102"]["name"] = "Otto"
    page = await stage.show(DIAL, CALLS, accounts=[account(calls=(call("c1", "talking"),)), names], me=MINE)
    box = page.locator(DIAL).get_by_role("combobox")
    await box.fill("Otto")
    assert await page.get_by_role("option").count() == 0
    await box.fill("Luca")
    await stage.button(DIAL, "Call").click()
    assert (await box.input_value(), await stage.sent()) == ("102", [])
    await stage.button(DIAL, "Call").click()
    assert [one["data"]["number"] for one in await stage.sent()] == ["102"]
    await stage.button(CALLS, "Transfer: Bakery Schmidt").click()
    goal = page.locator(CALLS).get_by_role("combobox")
    await goal.fill("Sofie")
    transfer = page.locator(CALLS).get_by_role("button", name="Transfer", exact=True)
    await transfer.click()
    assert (await goal.input_value(), await stage.sent()) == ("103", [])
    await transfer.click()
    assert [one["data"]["number"] for one in await stage.sent()] == ["103"]


@played
async def test_enter_of_an_input_method_chooses_nobody(stage: Stage) -> None:
    """It ends the composing of a word, as in Chinese."""
    page = await stage.show(DIAL, accounts=[account()], me=MINE)
    box = page.get_by_role("combobox")
    await box.fill("lu")
    for composing, found in (("true", "lu"), ("false", "102")):
        await box.evaluate(
            f"(e) => e.dispatchEvent(new KeyboardEvent('keydown', {{key: 'Enter', isComposing: {composing}}}))"
        )
        assert await box.input_value() == found


# -- phones ------------------------------------------------------------------------------------------


@played
async def test_find_a_phone(stage: Stage) -> None:
    """By name, number or the keys of a keypad, or only those that are in use."""
    page = await stage.show(PHONES, accounts=[account(phones=60, calls=(call("c1", "talking", "104"),))])
    phones = page.locator(f"{PHONES} [data-extension]")
    assert await phones.count() == 60
    box = page.get_by_role("searchbox")
    for text, found in (("chlo", 10), ("2456", 10), ("104", 1), ("nobody", 0)):
        await box.fill(text)
        assert await phones.count() == found, text
    await box.fill("")
    await page.get_by_role("button", name="Live calls").click()
    assert await phones.count() == 1
    assert "Bakery Schmidt" in await phones.inner_text()


@played
async def test_what_can_be_done_with_a_phone(stage: Stage) -> None:
    """A click offers to call it from my phone, and to transfer my call there."""
    page = await stage.show(PHONES, accounts=[account(calls=(call("c1", "talking", "101"),))], me=MINE)
    await page.locator("[data-extension='102']").click()
    await page.get_by_role("button", name="Call", exact=True).click()
    placed = {"config_entry_id": "house", "extension": "101", "number": "102"}
    assert await stage.sent() == [{"service": "click_to_call", "data": placed, "target": None}]
    await page.locator("[data-extension='102']").click()
    await page.get_by_role("button", name="Transfer my call here").click()
    moved = {"config_entry_id": "house", "number": "102", "expected_state": "talking"}
    assert await stage.sent() == [{"service": "transfer", "data": moved, "target": {"device_id": "device-house-101"}}]


@pytest.mark.parametrize(
    "message", [{"type": "gone", "id": "house"}, {"type": "account", "account": account(phones=1)}]
)
@played
async def test_a_phone_goes_while_it_is_looked_at(stage: Stage, message: Json) -> None:
    """What was offered for it goes as well."""
    page = await stage.show(PHONES, accounts=[account()], me=MINE)
    await page.locator("[data-extension='102']").click()
    sheet = page.locator(f"{PHONES} .sheet")
    await sheet.get_by_text("Luca Rossi").wait_for()
    await stage.tell(**message)
    await sheet.wait_for(state="hidden")


@played
async def test_a_phone_that_has_left_a_call(stage: Stage) -> None:
    """Whose phone rang before a colleague answered has no part in the call, and a call of their own is theirs."""
    left = call("c2", "talking", "101")
    left["legs"] += [{"extension": phone, "state": "ended"} for phone in ("102", "103")]
    house = account(
        calls=(call("c0", "on_hold", "103"), call("c1", "ringing", "103", caller=party("+4940", "Eva")), left)
    )
    house["extensions"]["102"]["state"] = "idle"
    house["extensions"]["103"]["state"] = "ringing"
    cards = [{"type": f"custom:{PHONE}", "device": f"device-house-{phone}"} for phone in ("102", "103")]
    page = await stage.show(*cards, PHONES, accounts=[house])
    idle, rings = page.locator(PHONE).first, page.locator(PHONE).last
    assert "Bakery" not in await idle.locator("ha-card").inner_text()
    assert await idle.get_by_role("button").count() == 0
    assert "Eva" in await rings.locator("ha-card").inner_text()
    assert "Eva" in await page.locator("[data-extension='103']").inner_text()


@played
async def test_accounts_of_one_name(stage: Stage) -> None:
    """Each has its phones below a title of its own, however many there are."""
    houses = [{**account(name, phones=phones), "title": "House"} for name, phones in (("a", 2), ("b", 400))]
    page = await stage.show(PHONES, accounts=houses)
    await page.locator(f"{PHONES} h3").nth(1).wait_for()
    assert await page.locator(f"{PHONES} h3").all_inner_texts() == ["House", "House"]


@pytest.mark.parametrize("extensions", [[101, 103], ["101", "103"], 102])
@played
async def test_only_these_phones(stage: Stage, extensions: Any) -> None:
    """YAML takes a number without quotes for a figure."""
    page = await stage.show({"type": f"custom:{PHONES}", "extensions": extensions}, accounts=[account()])
    found = [await one.get_attribute("data-extension") for one in await page.locator("[data-extension]").all()]
    assert found == [str(one) for one in (extensions if isinstance(extensions, list) else [extensions])]


@played
async def test_a_page_loads_what_it_needed_before(stage: Stage) -> None:
    """Before Home Assistant has made the page; what others wrote there does no harm."""
    await stage.show(QUEUES, PHONES, accounts=[account()])
    kept = await stage.page.evaluate("localStorage.getItem('pbx-parts')")
    assert json.loads(kept) == {"/": ["phones", "queues"]}
    for written, parts in (
        (kept, 2),
        ("null", 0),
        ("{", 0),
        ('{"/": 5}', 0),
        ('{"/": ["weather"], "/x": ["list"]}', 0),
    ):
        page = await stage.show(accounts=[account()], kept=written)
        loaded = await page.evaluate(LOADED)
        assert len(loaded) == parts, (written, loaded)


# -- queues ------------------------------------------------------------------------------------------


@played
async def test_wallboard(stage: Stage) -> None:
    """Who waits too long, who is poorly served and what the agents do is seen; agents are moved by their buttons."""
    page = await stage.show(QUEUES, accounts=[busy_house("Support")])
    queue = page.locator("[data-queue=q1]")
    assert "too" in (await queue.get_attribute("class") or "")
    assert await queue.locator(".poor").count() == 1
    assert "Support" in await queue.locator(".callers").inner_text()
    assert "unknown" in (await page.locator("[data-queue=q2]").get_attribute("class") or "")
    for agent, name, service in (
        ("a1", "Pause", "agent_pause"),
        ("a2", "End pause", "agent_unpause"),
        ("a3", "Log in", "agent_login"),
        ("a1", "Log out", "agent_logout"),
    ):
        await page.locator(f"[data-agent={agent}]").get_by_role("button", name=name).click()
        assert await stage.sent() == [
            {"service": service, "data": {"config_entry_id": "house", "agent": agent}, "target": None}
        ]
    assert await page.locator("[data-agent=a3]").get_by_role("button", name="Log out").count() == 0


@played
@pytest.mark.parametrize(("accounts", "shown"), [(("House",), []), (("House (GB)", "Shop"), ["House", "Shop"])])
async def test_whose_queue_it_is(stage: Stage, accounts: tuple[str, ...], shown: list[str]) -> None:
    """Queues and agents of several accounts, which may be called the same, tell whose they are."""
    houses = [{**busy_house("Ada"), "id": title, "title": title} for title in accounts]
    page = await stage.show(
        QUEUES, accounts=[*houses, {**account(), "id": "other", "title": "Home", "queues": {}, "agents": {}}]
    )
    assert await page.locator("[data-queue=q1] .account").all_inner_texts() == shown
    agents = await page.locator("[data-agent=a1] .sub").all_inner_texts()
    assert [text.rpartition(" · ")[2] for text in agents if shown] == shown
    assert len(agents) == len(accounts)


@played
async def test_wallboard_while_nothing_else_happens(stage: Stage) -> None:
    """A caller who goes on waiting is late in time; of whom nobody knows since when they wait is not."""
    page = await stage.show(QUEUES, accounts=[account(queues={"q1": {"id": "q1"}, "q2": {"id": "q2"}})])
    await page.clock.install()
    now = await page.evaluate("new Date(Date.now() - 50_000).toISOString()")
    waiting = {"c1": call("c1", legs=[], queue="q1", started=now), "c2": call("c2", legs=[], queue="q2", started=None)}
    await stage.page.evaluate("(calls) => window.tell({type: 'delta', id: 'house', calls})", waiting)
    looks = []
    for seconds in (1, 10, 60):
        await page.clock.run_for(seconds * 1000)
        looks += [await page.locator(f"[data-queue={queue}]").get_attribute("class") for queue in ("q1", "q2")]
    assert [look.split() for look in looks if look] == [
        ["queue"],
        ["queue"],
        ["queue", "late"],
        ["queue"],
        ["queue", "too"],
        ["queue"],
    ]


# -- contacts ----------------------------------------------------------------------------------------

BOOK: Json = {
    "entries": [
        {
            "id": "e1",
            "name": "Grace Okafor",
            "groups": ["vip"],
            "numbers": [{"number": "+442079460123", "kind": "work"}],
        },
        {"id": "e2", "company": "Tea Ltd", "numbers": [{"number": "+4930*"}, {"number": "+4940", "kind": "fax"}]},
    ],
    "groups": ["vip"],
}


@played
async def test_contacts(stage: Stage) -> None:
    """The phone book is searched, called, completed, changed and imported into."""
    answers = {"pbx/phone_book/list": BOOK, "pbx/phone_book/update": {}}
    house = account()
    house["can"] = [*house["can"], "send_sms"]
    page = await stage.show("pbx-contacts-card", accounts=[house], me=MINE, answers=answers)
    entries = page.locator("pbx-contacts-card li")
    await entries.nth(1).wait_for()
    assert await stage.violations() == []
    await page.get_by_role("button", name="vip").click()
    assert await entries.count() == 1
    await page.get_by_role("button", name="Call: Grace Okafor").click()
    placed = {"config_entry_id": "house", "extension": "101", "number": "tel:+442079460123"}
    assert await stage.sent() == [{"service": "click_to_call", "data": placed, "target": None}]
    await page.get_by_role("button", name="Edit: Grace Okafor").click()
    assert await stage.violations() == []
    await page.get_by_label("Numbers").fill("+442079460123\n030 1234")
    await page.get_by_label("text messages").check()
    await page.get_by_role("button", name="Save").click()
    await page.get_by_role("form").wait_for(state="detached")
    [changed] = await page.evaluate("window.asked.filter((one) => one.type === 'pbx/phone_book/update')")
    numbers = [{"number": "+442079460123", "kind": "work"}, {"number": "030 1234", "kind": "other"}]
    assert (changed["entry_id"], changed["numbers"], changed["messages"]) == ("e1", numbers, True)
    await page.get_by_role("button", name="Add contact").click()
    await page.get_by_label("Name").fill("Eva")
    await page.get_by_label("Numbers").fill("+42022")
    await page.get_by_label("Groups").fill("family, vip")
    await page.get_by_role("button", name="Save").click()
    added = {
        "name": "Eva",
        "company": "",
        "groups": ["family", "vip"],
        "numbers": [{"number": "+42022", "kind": "other"}],
        "messages": False,
    }
    assert await stage.sent() == [{"service": "add_to_phone_book", "data": added, "target": None}]


FOREIGN: Json = {
    "id": "e3",
    "name": "Luca",
    "groups": ["Tennis, Sunday", "vip"],
    "numbers": [
        {"number": "+390612345678", "typed": "06 1234 5678", "kind": "home"},
        {"number": "+49612345678", "typed": "06 1234 5678", "kind": "work"},
        {"number": "+493011", "typed": "tel:+49-30-11;ext=1", "kind": "fax"},
    ],
}


@played
async def test_what_is_not_typed_anew_stays(stage: Stage) -> None:
    """A number that was read in another country is the same one when somebody only changes the name."""
    answers = {
        "pbx/phone_book/list": {"entries": [FOREIGN], "groups": FOREIGN["groups"]},
        "pbx/phone_book/update": {},
    }
    page = await stage.show("pbx-contacts-card", accounts=[account()], me=MINE, answers=answers)
    await page.get_by_role("button", name="Edit: Luca").click()
    await page.get_by_label("Name").fill("Luca Rossi")
    await page.get_by_label("Groups").press("End")
    await page.get_by_label("Groups").type(", new")
    await page.get_by_role("button", name="Save").click()
    await page.get_by_role("form").wait_for(state="detached")
    [changed] = await page.evaluate("window.asked.filter((one) => one.type === 'pbx/phone_book/update')")
    assert (changed["name"], changed["groups"]) == ("Luca Rossi", [*FOREIGN["groups"], "new"])
    assert changed["numbers"] == FOREIGN["numbers"]


@played
async def test_the_last_one_of_a_group_leaves_it(stage: Stage) -> None:
    """With its chip goes the filter, which nobody could take away any more."""
    answers = {"pbx/phone_book/list": BOOK, "pbx/phone_book/update": {}}
    page = await stage.show("pbx-contacts-card", accounts=[account()], me=MINE, answers=answers)
    await page.get_by_role("button", name="vip").click()
    await page.get_by_role("button", name="Edit: Grace Okafor").click()
    after = {"entries": [{**BOOK["entries"][0], "groups": []}, BOOK["entries"][1]], "groups": []}
    await page.evaluate("(book) => { window.answers['pbx/phone_book/list'] = book; }", after)
    await page.get_by_label("Groups").fill("")
    await page.get_by_role("button", name="Save").click()
    await page.locator("pbx-contacts-card li").nth(1).wait_for()


@pytest.mark.parametrize(
    ("name", "content", "sent"),
    [
        ("a.csv", "Name;Téléphone\nÄnne;101\n".encode("cp1252"), "Name;Téléphone\nÄnne;101\n"),
        (
            "a.vcf",
            b"BEGIN:VCARD\r\nPHOTO:" + b"x\r\n x" * 1_000_000 + b"\r\nFN:A\r\nEND:VCARD\r\n",
            "BEGIN:VCARD\r\nFN:A\r\nEND:VCARD\r\n",
        ),
        ("a.csv", b"Name,Phone\n" + b"x" * 4_000_000, None),
    ],
)
@played
async def test_import_a_file(stage: Stage, name: str, content: bytes, sent: str | None) -> None:
    """As programs of Windows write it, and with pictures in it; what is too large for a message is not sent."""
    page = await stage.show("pbx-contacts-card", accounts=[account()], me=MINE)
    chosen: FilePayload = {"name": name, "mimeType": "text/plain", "buffer": content}
    await page.locator("input[type=file]").set_input_files(chosen)
    if sent is None:
        await page.get_by_text("too large").wait_for()
        assert await stage.sent() == []
        return
    await page.wait_for_function("window.sent.length")
    [action] = await stage.sent()
    assert (action["service"], action["data"]) == ("import_phone_book", {"text": sent})


@played
async def test_a_contact_takes_nothing_from_another(stage: Stage) -> None:
    """What was typed for one entry is not in the form of the next."""
    page = await stage.show("pbx-contacts-card", accounts=[account()], answers={"pbx/phone_book/list": BOOK})
    await page.get_by_role("button", name="Edit: Grace Okafor").click()
    await page.get_by_label("Company").fill("Coffee")
    await page.get_by_role("button", name="Add contact").click()
    assert await page.get_by_label("Company").input_value() == ""


# -- finished calls ----------------------------------------------------------------------------------


@played
async def test_history(stage: Stage) -> None:
    """By days, with outcome, recording, summary and a way to call back; who is away is named."""
    me = {**MINE, "popup": "off", "seen": "2026-11-28T10:00:00+00:00"}
    page = await stage.show(LIST, accounts=[account()], me=me, answers={"pbx/history": HISTORY, "pbx/seen": {}})
    rows = page.locator(f"{LIST} li")
    await rows.first.wait_for()
    assert await page.locator(f"{LIST} h3").count() == 2
    assert "Fake PBX cannot be reached" in await page.locator(f"{LIST} .notice").inner_text()
    assert "Missed" in await rows.nth(1).inner_text()
    assert "unseen" in (await rows.nth(1).locator(".row").get_attribute("class") or "")
    assert "unseen" not in (await rows.nth(3).locator(".row").get_attribute("class") or "")
    await page.get_by_role("button", name="Mark as seen").click()
    assert await page.evaluate("window.asked.some((one) => one.type === 'pbx/seen')")
    await rows.first.get_by_role("button").click()
    opened = await rows.first.inner_text()
    assert "Ordered bread" in opened
    assert "1:05" in opened
    await rows.first.get_by_role("button", name="Call back").click()
    placed = {"config_entry_id": "house", "extension": "101", "number": "tel:+4930000001"}
    assert await stage.sent() == [{"service": "click_to_call", "data": placed, "target": None}]


@played
async def test_history_goes_on(stage: Stage) -> None:
    """The next page comes while one scrolls, and no call twice; a filter begins anew."""
    page = await stage.show(LIST, accounts=[account()], height=600)
    await page.evaluate(
        """(records) => {
            window.answers["pbx/history"] = (message) => {
                const all = message.missed ? records.filter((one) => one.missed) : records;
                const from = Number(message.cursor ?? 0), next = from + message.limit;
                const cursor = next < all.length ? String(next) : null;
                return {records: all.slice(from, next + 2), cursor, failed: []};
            };
        }""",
        [record(number, outcome="missed" if number % 10 == 0 else "answered") for number in range(100)],
    )
    await page.get_by_role("button", name="Incoming").click()
    await page.locator(f"{LIST} li").nth(29).wait_for()
    await page.mouse.move(400, 300)
    for _ in range(20):
        await page.mouse.wheel(0, 3000)
        await page.wait_for_timeout(50)
    shown = await page.locator(f"{LIST} li").evaluate_all("rows => rows.map((row) => row.dataset.record)")
    assert shown == [f"r{number}" for number in range(100)]
    await page.get_by_role("button", name="Missed", exact=True).click()
    await page.locator(f"{LIST} li[data-record=r0]").wait_for()
    await page.wait_for_function(
        "document.querySelector('pbx-list-card pbx-list').shadowRoot.querySelectorAll('li').length === 10"
    )


@played
async def test_history_after_the_connection_was_lost(stage: Stage) -> None:
    """What was missed meanwhile is there, and nobody is called away any more."""
    away = {"records": [record(5)], "cursor": None, "failed": HISTORY["failed"]}
    page = await stage.show(LIST, accounts=[account()], answers={"pbx/history": away})
    await page.locator(f"{LIST} .notice").wait_for()
    now = {"records": [record(4), record(5)], "cursor": None, "failed": []}
    await page.evaluate("(now) => { window.answers['pbx/history'] = now; window.reconnect(); }", now)
    await page.locator("[data-record=r4]").wait_for()
    await page.locator(f"{LIST} .notice").wait_for(state="detached")
    assert await page.locator(f"{LIST} li").count() == 2


@played
async def test_what_is_new_moves_nothing_else(stage: Stage) -> None:
    """A recording plays on, and the focus stays, when a call comes above."""
    found = [record(number, recording_id=f"rec{number}") for number in range(1, 6)]
    sound = {"url": "data:audio/wav;base64,UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA="}
    history = {"records": found[1:], "cursor": None, "failed": []}
    page = await stage.show(
        LIST, accounts=[account()], answers={"pbx/history": history, "media_source/resolve_media": sound}
    )
    row = page.locator("[data-record=r3]")
    await row.get_by_role("button").click()
    await row.get_by_role("button", name="Play recording", exact=True).click()
    await row.locator("audio").evaluate("(audio) => { window.playing = audio; }")
    await page.locator("[data-record=r4]").get_by_role("button").focus()
    focused = await page.evaluate(FOCUSED)
    await page.evaluate(
        "(found) => { window.answers['pbx/history'].records = found; window.reconnect(); }",
        [record(0, started_at="2026-11-29T08:00:00+00:00"), *found],
    )
    await page.locator("[data-record=r0]").wait_for()
    assert await row.locator("audio").evaluate("(audio) => audio === window.playing")
    assert await page.evaluate(FOCUSED) == focused


@played
async def test_history_of_another_account(stage: Stage) -> None:
    """What is chosen in the editor is shown at once."""
    page = await stage.show(LIST, accounts=[account(), account("other")], answers={"pbx/history": HISTORY})
    await page.locator(f"{LIST} li").first.wait_for()
    await page.evaluate(
        """(records) => {
            window.answers["pbx/history"] = {records, cursor: null, failed: []};
            document.querySelector("pbx-list-card").setConfig({type: "", account: "other"});
        }""",
        [record(9, account="other")],
    )
    await page.locator("[data-record=r9]").wait_for()
    assert await page.locator(f"{LIST} li").count() == 1
    assert await page.evaluate("window.asked.findLast((one) => one.type === 'pbx/history').account") == "other"


@played
async def test_what_is_refused_stands_at_its_call(stage: Stage) -> None:
    """Far down in the list too; a recording that cannot be played says so."""
    found = [record(number, recording_id=f"rec{number}") for number in range(30)]
    broken = {"url": "data:audio/wav;base64,AAAA"}
    page = await stage.show(
        LIST,
        accounts=[account()],
        me=MINE,
        answers={
            "pbx/history": {"records": found, "cursor": None, "failed": []},
            "media_source/resolve_media": broken,
        },
    )
    row = page.locator("[data-record=r29]")
    await row.get_by_role("button").click()
    await row.get_by_role("button", name="Play recording", exact=True).click()
    await row.get_by_role("alert").filter(has_text="The recording cannot be played").wait_for()
    assert await page.locator(f"{LIST} audio").count() == 0
    await page.evaluate("window.refusal = {message: 'Too late'}")
    await row.get_by_role("button", name="Call back").click()
    await row.get_by_role("alert").filter(has_text="Too late").wait_for()
    assert await page.get_by_role("alert").count() == 1


# -- pop-up ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("me", "shown"),
    [
        ({}, []),
        ({"popup": "off", "extension": "house/101"}, []),
        ({"popup": "mine"}, []),
        ({"popup": "mine", "extension": "house/101"}, ["c1"]),
        ({"popup": "mine", "extension": "house/105"}, []),
        ({"popup": "all"}, ["c1", "c2"]),
    ],
)
@played
async def test_pop_up_for_whom(stage: Stage, me: Json, shown: list[str]) -> None:
    """None until the user chose, then for the user's own phone or for all."""
    up = (call("c1", "ringing", "101", "102"), call("c2", "ringing", "103"), call("c3", "talking", "104"))
    page = await stage.show(CALLS, accounts=[account(calls=up)], me=me)
    assert await page.locator(f"{POPUP} article").evaluate_all("all => all.map((one) => one.dataset.call)") == shown


@played
async def test_pop_up_rejects_at_my_phone(stage: Stage) -> None:
    """The others of the group ring on; a refusal is shown where the button is; what was dismissed stays away."""
    page = await stage.show(accounts=[account(calls=(call("c1", "ringing", "101", "102"),))], me=MINE)
    popup = page.locator(POPUP)
    await popup.get_by_role("button", name="Reject").click()
    rejected = {"config_entry_id": "house", "expected_state": "ringing"}
    assert await stage.sent() == [{"service": "hangup", "data": rejected, "target": {"device_id": "device-house-101"}}]
    await page.evaluate("window.refusal = {message: 'Too late'}")
    await popup.get_by_role("button", name="Answer").click()
    await popup.get_by_text("Too late").wait_for()
    await stage.tell(
        type="delta", id="house", calls={"c2": call("c2", "ringing", "101", caller=party("+4940", "Second"))}
    )
    await popup.get_by_text("Second").first.wait_for()
    await popup.get_by_role("button", name="Dismiss: Bakery Schmidt").click()
    await stage.tell(type="delta", id="house", calls={"c1": call("c1", "ringing", "101")})
    assert await popup.locator("article").count() == 1
    await stage.tell(type="delta", id="house", calls={"c1": None, "c2": None})
    assert await popup.locator("article").count() == 0


@played
async def test_pop_up_that_moves_is_not_pressed(stage: Stage) -> None:
    """Where the lower call was the upper one is now; whoever presses twice means the first."""
    up = {number: call(f"c{number}", caller=party(f"+493{number}")) for number in (1, 2)}
    page = await stage.show(accounts=[account(calls=tuple(up.values()))], me=MINE)
    reject = page.locator(POPUP).get_by_role("button", name="Reject")
    await reject.last.click()
    place = await reject.last.bounding_box()
    assert place
    await stage.tell(type="delta", id="house", calls={"c2": None})
    await page.mouse.click(place["x"] + 10, place["y"] + 10)
    assert await reject.last.bounding_box() == place
    assert len(await stage.sent()) == 1
    await reject.click()
    assert len(await stage.sent()) == 1


@played
async def test_pop_up_leaves_the_focus(stage: Stage) -> None:
    """Whoever types goes on typing, also in a dialog; the pop-up above the dialog can be clicked."""
    page = await stage.show(accounts=[account()], me=MINE)
    await page.evaluate(
        """() => {
            const html = "<input id=field aria-label=Field><dialog id=box><input aria-label=Inner></dialog>";
            document.body.insertAdjacentHTML("beforeend", html);
            document.querySelector("#field").focus();
        }"""
    )
    await page.keyboard.type("12")
    await stage.tell(type="delta", id="house", calls={"c1": call("c1")})
    await page.locator(f"{POPUP} article").wait_for()
    await page.keyboard.type("3 \n")
    assert await page.locator("#field").input_value() == "123 "
    assert await stage.sent() == []
    await stage.tell(type="delta", id="house", calls={"c1": None})
    await page.evaluate("document.querySelector('#box').showModal()")
    await stage.tell(type="delta", id="house", calls={"c2": call("c2")})
    await page.keyboard.type(" \n")
    assert await stage.sent() == []
    await page.locator(POPUP).get_by_role("button", name="Reject").click()
    assert [one["service"] for one in await stage.sent()] == ["hangup"]
    await stage.tell(type="delta", id="house", calls={"c2": None})
    assert await page.evaluate("document.querySelector('#box').open")


@played
async def test_a_missed_call_stays_until_it_was_seen(stage: Stage) -> None:
    """Only what rang at my phone since I last looked; it can be called back, and dismissed for good."""
    old, mine, others = (
        {
            "account": "house",
            "call_id": call_id,
            "from_name": name,
            "from_number": "+4930231",
            "extensions": [phone],
            "extension_name": "Anna Keller",
            "missed": True,
            "ended_at": f"2026-11-28T12:0{minute}:00+00:00",
        }
        for call_id, name, phone, minute in (("o", "Old", "101", 0), ("m", "Mine", "101", 5), ("x", "Other", "102", 5))
    )
    page = await stage.show(
        accounts=[account(missed=1)],
        me={**MINE, "seen": "2026-11-28T12:01:00+00:00"},
        answers={"pbx/recent": {"calls": [others, mine, old]}, "pbx/seen": {}},
    )
    shown = page.locator("pbx-call-popup article")
    await shown.wait_for()
    assert await stage.violations() == []
    text = await shown.inner_text()
    assert "Missed call" in text
    assert "Mine" in text
    await stage.tell(type="delta", id="house", calls={"c1": call("c1")})
    assert await shown.count() == 2
    await stage.tell(type="delta", id="house", calls={"c1": None})
    assert await shown.count() == 1
    await page.evaluate("window.refusal = {message: 'Too late'}")
    await shown.get_by_role("button", name="Call back").click()
    await shown.get_by_role("alert").filter(has_text="Too late").wait_for()
    await page.evaluate("window.refusal = null")
    await shown.get_by_role("button", name="Call back").click()
    await shown.wait_for(state="detached")
    placed, _ = await stage.sent()
    assert placed["data"] == {"config_entry_id": "house", "extension": "101", "number": "tel:+4930231"}
    assert await page.evaluate("window.asked.filter((one) => one.type === 'pbx/seen').length") == 1


@played
async def test_pop_up_says_what_is_known_of_the_caller(stage: Stage) -> None:
    """The company, else the place, and who talked to the caller last; asked once for a call."""
    about = {
        "name": "Bakery Schmidt",
        "place": "Berlin",
        "last": {"at": "2026-11-24T12:00:00+00:00", "name": "Anna Keller"},
    }
    page = await stage.show(
        accounts=[account(calls=(call("c1", "ringing", "101"),))], me=MINE, answers={"pbx/about": about}
    )
    article = page.locator(f"{POPUP} article")
    await article.get_by_text("Last talked with Anna Keller: Tuesday").wait_for()
    await article.get_by_text("Berlin").wait_for()
    await stage.tell(type="delta", id="house", calls={"c1": call("c1", "ringing", "101", "102")})
    asked = await page.evaluate("window.asked.filter((one) => one.type === 'pbx/about')")
    assert asked == [{"type": "pbx/about", "account": "house", "call_id": "c1"}]


@played
async def test_pop_up_sends_a_ringing_call_on(stage: Stage) -> None:
    """To a phone that is found by its name, where the phone system can."""
    up = (call("c1", "ringing", "101"),)
    can = ["answer", "hangup", "transfer"]
    await stage.show(accounts=[account(calls=up, can=can)], me=MINE)
    popup = stage.page.locator(POPUP)
    await popup.get_by_role("button", name="Reject").wait_for()
    assert await popup.get_by_role("button", name="Send to").count() == 0
    page = await stage.show(accounts=[account(calls=up, can=[*can, "transfer_ringing"])], me=MINE)
    popup = page.locator(POPUP)
    await popup.get_by_role("button", name="Send to").click()
    assert await stage.violations() == []
    await popup.get_by_role("combobox").fill("luca")
    await popup.get_by_role("option").filter(has_text="Luca Rossi").click()
    await page.evaluate(SLOW, [1000])
    for _ in range(2):
        await page.keyboard.press("Enter")
    await popup.get_by_role("combobox").wait_for(state="detached")
    sent = {"config_entry_id": "house", "call_id": "c1", "expected_state": "ringing", "number": "102"}
    assert await stage.sent() == [{"service": "transfer", "data": sent, "target": None}]


@pytest.mark.parametrize("width", [512, 195])
@played
async def test_pop_up_on_a_small_screen(stage: Stage, width: int) -> None:
    """As with a zoom of 200 percent: whatever does not fit can be scrolled to."""
    up = [call(f"c{number}", "ringing", "101", caller=party("+4940", "Eva")) for number in range(3)]
    missed = {"account": "house", "call_id": "m", "from_number": "+4930231", "ended_at": "2026-11-28T12:05:00+00:00"}
    page = await stage.show(
        accounts=[account(calls=tuple(up))],
        me={**MINE, "popup": "all", "seen": "2026-11-28T12:01:00+00:00"},
        answers={"pbx/recent": {"calls": [missed]}, "pbx/about": {"place": "Berlin"}},
        width=width,
        height=384,
    )
    await page.locator(f"{POPUP} .missed").wait_for()
    for article in await page.locator(f"{POPUP} article[data-call]").all():
        await article.get_by_role("button", name="Reject").click()
    assert len(await stage.sent()) == 2
    assert await page.evaluate("document.documentElement.scrollWidth") <= width


@played
async def test_send_a_call_on_from_a_small_screen(stage: Stage) -> None:
    """Whoever is found is in sight, whatever else rings."""
    up = tuple(call(f"c{number}") for number in range(2))
    house = account(phones=12, calls=up, can=["answer", "hangup", "transfer", "transfer_ringing"])
    page = await stage.show(accounts=[house], me=MINE, width=390, height=450, language="de")
    await page.locator(POPUP).get_by_role("button", name="Weiterleiten").first.click()
    await page.get_by_role("combobox").fill("1")
    for shown in (page.get_by_role("listbox"), page.locator(f"{POPUP} article:has(.goal)")):
        place = await shown.bounding_box()
        assert place
        assert place["y"] >= 0


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("?caller=%2B493023125101", "+493023125101"),
        ("?caller=+493023125101", "+493023125101"),
        ("?caller=030%2F2312", "030/2312"),
        ("?caller=<img src=x>", ""),
        ("?caller=javascript:1", ""),
        ("", ""),
    ],
)
@played
async def test_a_page_opens_with_the_caller_on_screen(stage: Stage, query: str, number: str) -> None:
    """Another program names the caller in the address; the number is called, or taken into the phone book."""
    page = await stage.show(
        CALLS,
        accounts=[account()],
        me={**MINE, "popup": "off"},
        answers={"pbx/about": {"country": "DE"}},
        query=query,
    )
    panel = page.locator(f"{POPUP} article")
    if not number:
        assert await panel.count() == 0
        return
    await panel.get_by_text(number).wait_for()
    await panel.get_by_text("Germany").wait_for()
    assert await stage.violations() == []
    await panel.get_by_role("button", name="Call").click()
    await panel.get_by_role("button", name="Add contact").click()
    await panel.get_by_role("textbox", name="Name").fill("Bakery")
    await page.evaluate("window.answers['pbx/about'] = {name: 'Bakery'}")
    await panel.get_by_role("textbox", name="Name").press("Enter")
    await panel.get_by_text("Bakery").wait_for()
    placed, added = await stage.sent()
    dialled = f"tel:{number}" if number.startswith("+") else number
    assert placed["data"] == {"config_entry_id": "house", "extension": "101", "number": dialled}
    assert added == {"service": "add_to_phone_book", "data": {"name": "Bakery", "numbers": [number]}, "target": None}
    await panel.get_by_role("button", name="Dismiss").click()
    await panel.wait_for(state="detached")


@played
async def test_a_caller_of_the_list_is_added_and_blocked(stage: Stage) -> None:
    """Whoever has no name gets one; a blocked one stands in the phone book's group of that name."""
    page = await stage.show(
        LIST, accounts=[account()], answers={"pbx/history": {"records": [record(1)], "cursor": None, "failed": []}}
    )
    card = page.locator(LIST)
    await card.get_by_role("button", name="+4930000001").click()
    await card.get_by_role("button", name="Add contact").click()
    await card.get_by_role("textbox", name="Name").fill("Eva")
    await card.get_by_role("button", name="Save").click()
    await card.get_by_role("textbox", name="Name").wait_for(state="detached")
    await card.get_by_role("button", name="Block").click()
    await card.get_by_role("button", name="Blocked").wait_for()
    assert await stage.violations() == []
    added, blocked = await stage.sent()
    assert added["data"] == {"name": "Eva", "numbers": ["+4930000001"]}
    assert blocked["data"] == {"name": "+4930000001", "numbers": ["+4930000001"], "groups": ["blocked"]}


@played
async def test_voicemails(stage: Stage) -> None:
    """In a list of their own, the unread ones marked; each is played from its phone system."""
    left = {"account": "house", "from_number": "+4930231", "from_name": "Eva", "to_number": "101", "duration": 12}
    found = [
        {**left, "voicemail_id": "v1", "time": "2026-11-28T12:00:00+00:00", "unread": True},
        {**left, "voicemail_id": "v2", "time": "2026-11-27T12:00:00+00:00", "unread": False},
    ]
    page = await stage.show(
        LIST,
        accounts=[account(can=["voicemails"])],
        answers={
            "pbx/voicemails": {"voicemails": found, "failed": []},
            "media_source/resolve_media": {
                "url": "data:audio/wav;base64,UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA="
            },
        },
    )
    card = page.locator(LIST)
    await card.get_by_role("button", name="Voicemails").click()
    rows = card.locator("li[data-record]")
    await rows.nth(1).wait_for()
    assert [await row.get_by_text("New", exact=True).count() for row in await rows.all()] == [1, 0]
    assert await card.get_by_role("button", name="Mark as seen").count() == 0  # that is for missed calls
    assert await stage.violations() == []
    await rows.first.get_by_role("button").first.click()
    await card.get_by_role("button", name="Play voicemail").click()
    await card.locator("audio").wait_for()
    [asked] = await page.evaluate(
        "window.asked.filter((one) => one.type.startsWith('media_source')).map((one) => one.media_content_id)"
    )
    assert asked == "media-source://pbx/house/voicemail/v1"


@pytest.mark.parametrize(
    ("language", "label", "named"), [("en", "Group by", "Area"), ("de", "Gruppieren nach", "Bereich")]
)
@played
async def test_forms_are_in_the_language_of_the_user(stage: Stage, language: str, label: str, named: str) -> None:
    """Every field of every card's editor, what can be chosen in it, and what the cards are called."""
    page = await stage.show(PHONES, accounts=[account()], language=language)
    forms = await page.evaluate(
        """() => Promise.all(window.customCards.map(async ({type}) => {
            const form = await customElements.get(type).getConfigForm();
            return form.schema.map((field) => ({
                name: field.name, label: form.computeLabel(field),
                options: (field.selector.select?.options ?? []).map((one) => one.label),
            }));
        }))"""
    )
    fields = [field for form in forms for field in form]
    assert {field["label"] for field in fields if field["name"] == "group"} == {label}
    assert named in next(field["options"] for field in fields if field["options"])
    assert not [field for field in fields if field["label"].startswith("form_") or not field["label"]]


@pytest.mark.parametrize(
    ("config", "account", "views"),
    [
        ({}, None, 4),
        ({"accounts": "house"}, "house", 4),
        ({"accounts": ["house", "gone"]}, "house", 4),
        ({"accounts": ["gone"]}, "gone", 4),
        ({"accounts": ["house", "other"]}, ["house", "other"], 4),
        ({"accounts": []}, None, 4),
        ({"views": "calls"}, None, 1),
    ],
)
@played
async def test_the_dashboard_builds_itself(
    stage: Stage, config: Json, account: str | list[str] | None, views: int
) -> None:
    """Also of one account where others were removed, and where YAML has a word in place of a list."""
    page = await stage.show(accounts=[])
    made = await page.evaluate(
        """(config) => {
            const entities = {}, devices = {};
            for (const id of ["house", "other"]) {
                entities[id] = {entity_id: id, platform: "pbx", device_id: id, translation_key: "active_calls"};
                devices[id] = {id, name: id, config_entries: [id]};
            }
            const strategy = customElements.get("ll-strategy-dashboard-pbx");
            return strategy.generate({type: "custom:pbx", ...config}, {...window.hass, entities, devices});
        }""",
        config,
    )
    assert len(made["views"]) == views
    [badge] = made["views"][0]["badges"]
    cards = [card for section in made["views"][0]["sections"] for card in section["cards"]]
    assert [card.get("account") for card in [*cards, badge]] == [account] * (len(cards) + 1)


@played
async def test_the_badge_of_one_account(stage: Stage) -> None:
    """Counts its calls only."""
    badge = {"type": "custom:pbx-status-badge", "account": "other"}
    page = await stage.show(badge, accounts=[account(calls=(call("c1"),)), account("other")])
    await page.get_by_text("All is quiet").wait_for()


@played
async def test_some_of_several_accounts(stage: Stage) -> None:
    """Cards and badge show those that are named, and the list asks for no others."""
    some = ["other", "third"]
    cards = [{"type": f"custom:pbx-{kind}", "account": some} for kind in ("calls-card", "list-card", "status-badge")]
    up = [account(one, calls=(call(f"c-{one}"),)) for one in ("house", *some)]
    page = await stage.show(*cards, accounts=up)
    assert await page.locator(f"{CALLS} [data-call]").evaluate_all("rows => rows.map((row) => row.dataset.call)") == [
        "c-other",
        "c-third",
    ]
    assert await page.locator("pbx-status-badge .ringing b").inner_text() == "2"
    await page.wait_for_function("window.asked.some((one) => one.type === 'pbx/history')")
    assert await page.evaluate("window.asked.find((one) => one.type === 'pbx/history').account") == some


@played
async def test_very_many_phones(stage: Stage) -> None:
    """Of a thousand phones those on the screen are in the page; one scrolls to the others, and finds them."""
    page = await stage.show(PHONES, accounts=[account(phones=1000)])
    shown = page.locator("[data-extension]")
    await shown.nth(20).wait_for()
    assert await shown.count() < 200
    assert await page.locator("[data-extension='1100']").count() == 0
    for _ in range(60):
        await page.mouse.move(400, 400)
        await page.mouse.wheel(0, 4000)
        if await page.locator("[data-extension='1100']").count():
            break
        await page.evaluate("new Promise(requestAnimationFrame)")
    await page.locator("[data-extension='1100']").wait_for()
    assert await shown.count() < 200
    await page.get_by_role("searchbox").fill("1042")
    await page.locator("[data-extension='1042']").wait_for()
    await page.locator("[data-extension='1100']").wait_for(state="detached")
    assert await shown.count() == 1


@played
async def test_a_dashboard_that_gave_up_is_made_again(stage: Stage) -> None:
    """Home Assistant waits for a strategy for five seconds; a script that comes later lets it look again."""
    page = await stage.show(CALLS, accounts=[account()], late=True)
    await page.wait_for_function("window.refreshed === 1")


@played
async def test_a_page_of_an_older_version_says_so(stage: Stage) -> None:
    """The part of the script that a card needs is gone after an update."""
    page = await stage.show(accounts=[account()])
    await page.route("**/phones-card-*.js", lambda route: route.fulfill(status=404))
    await page.evaluate(
        """() => {
            const card = document.createElement("pbx-phones-card");
            card.setConfig({});
            card.hass = window.hass;
            document.body.append(card);
        }"""
    )
    await page.get_by_role("alert").filter(has_text="Reload this page").wait_for()
    assert stage.complaints != []  # the browser itself says that the file is missing
    stage.complaints.clear()
