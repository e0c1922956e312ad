"""The provider, against a manager interface that says what it is told to."""

import asyncio

import aiohttp
import pytest

from custom_components.pbx.providers.asterisk.provider import AsteriskProvider
from custom_components.pbx.providers.asterisk.settings import AsteriskSettings
from custom_components.pbx.telephony.errors import AuthError, ConnectError

from .test_ami import RIGHT, say, server

pytestmark = pytest.mark.usefixtures("socket_enabled")

RIGHTS = ("CoreShowChannels: List", "DeviceStateList: List", "Hangup: End", "Originate: Begin", "QueueAdd: Add")


class Interface:
    """A manager interface that may have started, and has phones or none."""

    def __init__(self, *, started: bool, phones: bool, heard: bool = True) -> None:
        """Prepare; without `heard` the manager user is not told of a start."""
        self.started, self.phones, self.heard = started, phones, heard
        self.asked: list[str] = []

    def __call__(self, action: dict[str, str], writer: asyncio.StreamWriter) -> None:
        """Answer an action."""
        name, number = action["Action"], f"ActionID: {action['ActionID']}"
        self.asked.append(name)
        match name:
            case "Ping":
                if self.started and self.heard:
                    say(writer, "Event: FullyBooted", "Status: Fully Booted")
                say(writer, "Response: Success", number, "Ping: Pong")
            case "ListCommands":
                say(writer, "Response: Success", number, *RIGHTS)
            case "ExtensionStateList":
                say(writer, "Response: Success", number, "EventList: start")
                if self.phones:
                    say(writer, "Event: ExtensionStatus", number, "Exten: 101", "Hint: PJSIP/101")
                say(writer, "Event: ExtensionStateListComplete", number, "EventList: Complete")
            case _:
                say(writer, "Response: Error", number, "Message: Invalid/unknown command")


def provider(session: aiohttp.ClientSession, port: int, **more: object) -> AsteriskProvider:
    """Return the provider of an account at a port."""
    values = {"host": "127.0.0.1", "port": port, "username": "user", "password": RIGHT, **more}
    return AsteriskProvider(session, values)


@pytest.mark.parametrize(
    ("interface", "good"),
    [
        (Interface(started=True, phones=True), True),
        (Interface(started=True, phones=False), True),
        (Interface(started=True, phones=True, heard=False), True),
        (Interface(started=False, phones=False), False),
    ],
    ids=["started", "no phones", "not told", "starting"],
)
async def test_one_that_starts_is_not_read(interface: Interface, *, good: bool) -> None:
    """Asterisk lets in before it has its phones: what it lacks then would be taken for gone."""
    async with server(interface) as port, aiohttp.ClientSession() as session:
        if good:
            assert (await provider(session, port).account()).title == "Asterisk (127.0.0.1)"
            return
        with pytest.raises(ConnectError):
            await provider(session, port).account()
    assert "ListCommands" not in interface.asked


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ({"host": "pbx.local"}, ("pbx.local", 5038)),
        ({"host": " pbx.local ", "ssl": True}, ("pbx.local", 5039)),
        ({"host": "pbx.local", "port": 5040}, ("pbx.local", 5040)),
        ({"host": "pbx.local:5040"}, ("pbx.local", 5040)),
        ({"host": "pbx.local:5040", "port": 5038}, ("pbx.local", 5040)),
        ({"host": "pbx.local/admin/"}, ("pbx.local", 5038)),
        ({"host": "http://pbx.local:8080/admin/config.php"}, ("pbx.local", 5038)),
        ({"host": "https://user@pbx.local", "port": 5040}, ("pbx.local", 5040)),
        ({"host": "192.0.2.7:5040"}, ("192.0.2.7", 5040)),
        ({"host": "2001:db8::7"}, ("2001:db8::7", 5038)),
        ({"host": "[2001:db8::7]"}, ("2001:db8::7", 5038)),
        ({"host": "[2001:db8::7]:5040"}, ("2001:db8::7", 5040)),
        ({"host": "http://[2001:db8::7]/"}, ("2001:db8::7", 5038)),
        ({"host": "pbx.local:seven"}, ("pbx.local:seven", 5038)),
        ({"host": "http://["}, ("http://[", 5038)),
        ({"host": "  "}, ("", 5038)),
    ],
    ids=lambda value: value["host"] if isinstance(value, dict) else None,
)
def test_address_as_people_type_it(typed: dict[str, object], address: tuple[str, int]) -> None:
    """A port may stand behind the host, and what a browser shows of FreePBX leads to its Asterisk as well."""
    assert AsteriskSettings.read(typed).address == address


@pytest.mark.parametrize("password", [f" {RIGHT}", f"{RIGHT}\n", f"\t{RIGHT} "])
async def test_blanks_that_were_copied_along(password: str) -> None:
    """They are none of the secret's."""
    async with server(Interface(started=True, phones=True)) as port, aiohttp.ClientSession() as session:
        assert (await provider(session, port, password=password).account()).title == "Asterisk (127.0.0.1)"


async def test_one_that_starts_again_is_not_read() -> None:
    """Whoever was told of a start once is told of the next one, too: until then nothing is asked."""
    interface = Interface(started=True, phones=True)
    async with server(interface) as port, aiohttp.ClientSession() as session:
        account = provider(session, port)
        await account.account()
        interface.started = False
        interface.asked.clear()
        with pytest.raises(ConnectError):
            await account.calls()
        assert interface.asked == ["Ping"]
        interface.started = True
        with pytest.raises(Exception, match="unknown command"):
            await account.calls()


async def test_a_wrong_secret_is_tried_once() -> None:
    """The address would be locked out: nothing is even sent until somebody types another one."""
    interface = Interface(started=True, phones=True)
    async with server(interface) as port, aiohttp.ClientSession() as session:
        account = provider(session, port, password="wrong")
        with pytest.raises(AuthError):
            await account.account()
    # Nobody listens any more: a second try would find nobody, and say so.
    for question in (account.account, account.calls, account.directory):
        with pytest.raises(AuthError):
            await question()
    with pytest.raises(AuthError):
        await anext(aiter(account.stream()))
