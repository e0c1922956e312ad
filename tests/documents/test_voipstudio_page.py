"""VoIPstudio's literal server, asked with nothing but HTTP: it answers as the page says."""

import json
import operator
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import aiohttp
import pytest

from .voipstudio import BASE, RefusalError, VoipstudioPage, basic
from .voipstudio_rows import ROWS

COUNTRIES = [
    {"id": 1, "name": "United States", "continent": "America"},
    {"id": 2, "name": "United States Minor Outlying Islands", "continent": "Oceania"},
    {"id": 3, "name": "Peru", "continent": "America"},
]


class Client:
    """What a person with curl has: an API key, and JSON."""

    def __init__(self, page: VoipstudioPage, session: aiohttp.ClientSession) -> None:
        """Take the server and a session."""
        self._page = page
        self._session = session

    async def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        authorization: str | None = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, Any]:
        """Return the status and the JSON of an answer; without an authorization, ask with the API key."""
        shown = basic(self._page.user_id, self._page.api_key) if authorization is None else authorization
        async with self._session.request(
            method,
            f"{self._page.address}{BASE}/{path}",
            json=body,
            params=query or {},
            headers={"Authorization": shown, **(headers or {})},
        ) as response:
            return response.status, await response.json()


@pytest.fixture
async def page() -> AsyncGenerator[VoipstudioPage]:
    """Start the API of the page with a collection and a single resource."""
    server = VoipstudioPage()
    server.resources = {"countries": [dict(country) for country in COUNTRIES], "me": {"language": "en"}}
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def ask(page: VoipstudioPage) -> AsyncGenerator[Client]:
    """Return what asks the server."""
    async with aiohttp.ClientSession() as session:
        yield Client(page, session)


async def test_login(page: VoipstudioPage, ask: Client) -> None:
    """A login returns an id and a token, and both are good for every request until the token is gone."""
    sent = {"email": page.email, "password": page.password}
    status, answer = await ask("POST", "login", sent, authorization="")
    assert (status, answer["message"]) == (200, "Login success")
    assert page.sent("POST", "login") == [sent]
    authorization = basic(answer["user_id"], answer["user_token"])
    assert (await ask("GET", "me", authorization=authorization))[0] == 200
    assert page.asked[-1].headers["Authorization"] == authorization
    assert (await ask("POST", "login", sent))[1]["user_token"] != answer["user_token"]
    page.tokens.clear()
    assert (await ask("GET", "me", authorization=authorization))[0] == 401


@pytest.mark.parametrize(
    ("body", "status", "errors"),
    [
        ({}, 400, ["email is required", "password is required"]),
        ({"email": "user@example.com"}, 400, ["password is required"]),
        ({"email": "user@example.com", "password": "wrong"}, 401, ["The email address or the password is wrong"]),
        ({"email": "x@example.com", "password": "$ecretPas$$"}, 401, ["The email address or the password is wrong"]),
        ([], 400, ["The body is no object"]),
    ],
)
async def test_login_refused(ask: Client, body: Any, status: int, errors: list[str]) -> None:
    """A login without what it needs, or with what is wrong, is refused with a message and an array of them."""
    answered, answer = await ask("POST", "login", body, authorization="")
    assert (answered, answer["errors"]) == (status, errors)
    assert answer["message"]


async def test_login_is_a_post_of_json(page: VoipstudioPage, ask: Client) -> None:
    """A login is a POST, its body JSON and declared as such."""
    assert (await ask("GET", "login"))[0] == 405
    sent = {"email": page.email, "password": page.password}
    assert (await ask("POST", "login", sent, headers={"Content-Type": "text/plain"}))[0] == 400
    assert (await ask("POST", "login", headers={"Content-Type": "application/json"}))[0] == 400


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer api_key_of_the_user",
        "Basic api_key_of_the_user",
        "Basic gICA",
        basic(12345, "wrong"),
        basic(54321, "api_key_of_the_user"),
        basic("user@example.com", "$ecretPas$$"),
        basic(12345, "api_key_of_the_user", separator=";"),
    ],
)
async def test_unauthorized(page: VoipstudioPage, authorization: str) -> None:
    """Nothing but Basic with the user's id and a token or an API key, and a colon between, opens the door."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{page.address}{BASE}/countries", headers={"Authorization": authorization}) as response,
    ):
        assert (response.status, response.headers["WWW-Authenticate"]) == (401, "Basic")
        assert set(await response.json()) == {"message", "errors"}


async def test_base(page: VoipstudioPage) -> None:
    """There is nothing outside the base, and that too is said in JSON, to a page of any origin."""
    async with aiohttp.ClientSession() as session, session.get(f"{page.address}/v1.0/countries") as response:
        assert (response.status, response.headers["Access-Control-Allow-Origin"]) == (404, "*")
        assert set(await response.json()) == {"message", "errors"}


async def test_collection(ask: Client) -> None:
    """A collection answers its records and their number, one record its data and links."""
    assert await ask("GET", "countries") == (200, {"data": COUNTRIES, "total": 3})
    assert await ask("GET", "countries/3") == (200, {"data": COUNTRIES[2], "links": {"self": f"{BASE}/countries/3"}})
    assert await ask("GET", "me") == (200, {"data": {"language": "en"}, "links": {"self": f"{BASE}/me"}})
    for path in ("countries/4", "continents", "countries/1/name"):
        status, answer = await ask("GET", path)
        assert (status, answer) == (404, {"message": "Not Found", "errors": [f"There is no {path}"]})


async def test_write(page: VoipstudioPage, ask: Client) -> None:
    """A record is added, changed and removed with the verbs of HTTP; each answer is JSON."""
    record = {"id": 4, "name": "Italy"}
    links = {"self": f"{BASE}/countries/4"}
    assert await ask("POST", "countries", {"name": "Italy"}) == (201, {"data": record, "links": links})
    assert page.sent("POST", "countries") == [{"name": "Italy"}]
    for method in ("PUT", "PATCH"):
        record["name"] = f"Italia by {method}"
        assert await ask(method, "countries/4", {"name": record["name"]}) == (200, {"data": record, "links": links})
    assert await ask("DELETE", "countries/4") == (200, {})
    assert page.resources["countries"] == COUNTRIES
    assert (await ask("PUT", "me", {"language": "it"}))[1]["data"] == {"language": "it"}
    for method, path in (("PUT", "countries"), ("POST", "countries/1"), ("DELETE", "me")):
        assert (await ask(method, path))[0] == 405


async def test_pages(page: VoipstudioPage, ask: Client) -> None:
    """A page has as many records as its limit; the total is that of all."""
    for number, expected in (("1", COUNTRIES[:2]), ("2", COUNTRIES[2:]), ("3", [])):
        answer = await ask("GET", "countries", query={"page": number, "limit": "2"})
        assert answer == (200, {"data": expected, "total": 3})
    page.first_page = 0
    assert (await ask("GET", "countries", query={"page": "1", "limit": "2"}))[1]["data"] == COUNTRIES[2:]
    page.limit = 1
    assert (await ask("GET", "countries"))[1] == {"data": COUNTRIES[:1], "total": 3}


async def test_most_records(page: VoipstudioPage, ask: Client) -> None:
    """A limit of 5000 is the most there is."""
    page.resources["calls"] = [{"id": number} for number in range(5001)]
    status, answer = await ask("GET", "calls", query={"page": "1", "limit": "5000"})
    assert (status, len(answer["data"]), answer["total"]) == (200, 5000, 5001)
    assert (await ask("GET", "calls", query={"page": "1", "limit": "5001"}))[0] == 400


def like(value: Any, name: str = "name", *, said: str = "like") -> str:
    """Return a condition as the page writes it."""
    return json.dumps([{"operator": said, "value": value, "property": name}])


async def test_filter(page: VoipstudioPage, ask: Client) -> None:
    """The page's filter finds what has its value in it; a filter of several conditions needs them all."""
    found = await ask("GET", "countries", query={"filter": like("united states")})
    assert found == (200, {"data": COUNTRIES[:2], "total": 2})
    both = json.dumps([*json.loads(like("United States")), *json.loads(like("America", "continent"))])
    assert (await ask("GET", "countries", query={"filter": both}))[1]["data"] == COUNTRIES[:1]
    page.operators["eq"] = operator.eq
    assert (await ask("GET", "countries", query={"filter": like(3, "id", said="eq")}))[1]["data"] == COUNTRIES[2:]


async def test_group_by(ask: Client) -> None:
    """Grouped, there is one record for each value of the property."""
    found = await ask("GET", "countries", query={"group_by": "continent"})
    assert found == (200, {"data": COUNTRIES[:2], "total": 2})


@pytest.mark.parametrize(
    "query",
    [
        {"page": "0"},
        {"page": "-1"},
        {"limit": "0"},
        {"limit": "5001"},
        {"limit": "all"},
        {"sort": "name"},
        {"group_by": "shoe_size"},
        {"filter": "name=Peru"},
        {"filter": '{"operator":"like","value":"United States","property":"name"}'},
        {"filter": '[{"operator":"like","value":"United States"}]'},
        {"filter": '["like"]'},
        {"filter": like("Peru", said="is")},
        {"filter": like("Peru", "shoe_size")},
    ],
)
async def test_query_refused(ask: Client, query: dict[str, str]) -> None:
    """What the page does not name is refused, with a message and an array of them."""
    status, answer = await ask("GET", "countries", query=query)
    assert (status, answer["message"], len(answer["errors"])) == (400, "Bad Request", 1)


async def test_query_is_for_collections(page: VoipstudioPage, ask: Client) -> None:
    """One record has no pages, and a new one no groups."""
    assert (await ask("POST", "countries", {"name": "Italy"}, query={"group_by": "name"}))[0] == 400
    assert page.resources["countries"] == COUNTRIES
    assert (await ask("GET", "countries/1", query={"page": "1"}))[0] == 400


async def test_planned(page: VoipstudioPage, ask: Client) -> None:
    """A test may say what a path answers, and what it is refused with."""
    page.answers["POST", "calls/1/end"] = (202, {"data": []})
    assert await ask("POST", "calls/1/end", {"a": 1}) == (202, {"data": []})
    page.refusals["POST", "calls/1/end"] = RefusalError(409, "It is over", {"field": "id"}, message="No")
    refused = {"message": "No", "errors": ["It is over", {"field": "id"}]}
    assert await ask("POST", "calls/1/end", {"a": 1}) == (409, refused)
    assert page.sent("POST", "calls/1/end") == [{"a": 1}] * 2


def test_rows() -> None:
    """Each row has an id of its own."""
    assert len({row.id for row in ROWS}) == len(ROWS)
