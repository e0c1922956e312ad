"""What is sent for a command, to a manager interface that only writes it down."""

from collections.abc import AsyncGenerator, Callable, Mapping

import aiohttp
import pytest

from custom_components.pbx.providers.asterisk.ami import AmiConnection, Message
from custom_components.pbx.providers.asterisk.provider import AsteriskProvider
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import RefusedError

from .test_call_center import member, params

pytestmark = pytest.mark.usefixtures("socket_enabled")


class Paper(AmiConnection):
    """A connection that keeps what is sent, and refuses what it is told to."""

    def __init__(self) -> None:
        """Keep nothing yet."""
        super().__init__(("127.0.0.1", 1), ("user", "secret"))
        self.sent: list[tuple[str, Mapping[str, object]]] = []
        self.refusals: dict[str, str] = {}
        self.answers: dict[str, Message] = {}
        self.lists: dict[str, Callable[[Mapping[str, object]], list[Message]]] = {}

    async def action(self, name: str, **fields: object) -> Message:
        """Write an action down."""
        self.sent.append((name, {key: value for key, value in fields.items() if value is not None}))
        if name in self.refusals:
            raise RefusedError(self.refusals[name])
        return self.answers.get(name, {})

    async def items(self, name: str, **fields: object) -> list[Message]:
        """Write a question down, and answer it."""
        await self.action(name, **fields)
        return self.lists[name](fields) if name in self.lists else []


class Account(AsteriskProvider):
    """An account whose connection is paper."""

    paper: Paper

    def use(self, paper: Paper, hints: Mapping[str, str], rows: tuple[Message, ...] = ()) -> None:
        """Know these phones and queues."""
        self.paper = self._live = paper
        self._house.take_hints({"Exten": number, "Hint": hint} for number, hint in hints.items())
        self._center.take_queues(rows)

    def hear(self, **message: str) -> list[m.Pushed]:
        """Return what an event of the manager interface tells."""
        self._take(message)
        return list(self._taken())

    def sent(self, name: str) -> list[Mapping[str, object]]:
        """Return what was sent of an action."""
        return [fields for action, fields in self.paper.sent if action == name]


@pytest.fixture
async def account() -> AsyncGenerator[Account]:
    """Return an account of three phones."""
    async with aiohttp.ClientSession() as session:
        account = Account(session, {"host": "127.0.0.1", "username": "user", "password": "secret"})
        account.use(Paper(), {"101": "PJSIP/101", "102": "IAX2/desk", "al": "PJSIP/al"})
        yield account


def talk(account: Account, name: str) -> m.Call:
    """Return a call of a channel with somebody outside."""
    near = {"Channel": name, "Uniqueid": "1.2", "Linkedid": "1.1"}
    far = {"Channel": "PJSIP/trunk-00000001", "Uniqueid": "1.1", "Linkedid": "1.1"}
    account.hear(Event="Newchannel", ChannelState="4", Exten="222", CallerIDNum="777123456", **far)
    account.hear(Event="Newchannel", ChannelState="0", Exten="s", **near)
    account.hear(Event="DialBegin", Uniqueid="1.1", DestUniqueid="1.2")
    for one in (near, far):
        account.hear(Event="Newstate", ChannelState="6", **one)
        account.hear(Event="BridgeEnter", BridgeUniqueid="b", BridgeType="basic", **one)
    (call,) = account._calls.snapshot()  # noqa: SLF001 - as the registry has it from the list
    return call


@pytest.mark.parametrize("mode", list(m.SpyMode))
async def test_nobody_else_is_listened_to(account: Account, mode: m.SpyMode) -> None:
    """`IAX2/desk-1` is also how the name of `IAX2/desk-12` begins: the channel is named as a whole."""
    call = talk(account, "IAX2/desk-1")
    await account.spy(m.Spy(extension="101", call=m.CallRef(call=call, extension="102"), mode=mode))
    (sent,) = account.sent("Originate")
    name, _, options = str(sent["Data"]).partition(",")
    assert (name, "u" in options) == ("IAX2/desk-1", True)


@pytest.mark.parametrize(
    ("other", "extension", "interface"),
    [
        ({"Location": "Local/101@agents/n", "StateInterface": "PJSIP/101"}, "102", "Local/102@agents/n"),
        ({"Location": "Local/al@agents", "StateInterface": "PJSIP/al"}, "102", "Local/102@agents"),
        ({"Location": "Local/101@agents/n", "StateInterface": "PJSIP/101"}, "al", "Local/al@agents/n"),
        ({"Location": "Local/7001@mobile/n", "StateInterface": "PJSIP/101"}, "102", "IAX2/desk"),
        ({"Location": "PJSIP/101", "StateInterface": "PJSIP/101"}, "102", "IAX2/desk"),
        ({"Location": "Local/101101@agents", "StateInterface": "PJSIP/101"}, "102", "IAX2/desk"),
    ],
    ids=["number", "a name that Local contains", "to a name", "another number", "device", "a part of a number"],
)
async def test_how_a_new_agent_is_written(
    account: Account, other: Mapping[str, str], extension: str, interface: str
) -> None:
    """As the others are, if their extension stands there; never as one of the others itself."""
    account.use(account.paper, {"101": "PJSIP/101", "102": "IAX2/desk", "al": "PJSIP/al"}, (params(), member(**other)))
    await account.queue_add(m.QueueMember(queue="401", extension=extension))
    (sent,) = account.sent("QueueAdd")
    assert sent["Interface"] == interface


async def test_who_logs_out_everywhere_leaves_where_that_is_possible(account: Account) -> None:
    """A member that a database names cannot; the others are removed all the same."""
    rows = (
        *(params("1"), member("101", "1", Membership="realtime"), params("2"), member("101", "2")),
        *(params("3"), member("101", "3", Membership="static"), params("4"), member("101", "4")),
    )
    account.use(account.paper, {"101": "PJSIP/101"}, rows)
    await account.agent_logout(m.AgentRef(extension="101"))
    assert [sent["Queue"] for sent in account.sent("QueueRemove")] == ["2", "4"]


@pytest.mark.parametrize("key", ["Uniqueid", "Channel", "CallerIDNum", "Exten"])
async def test_an_event_of_the_dial_plan_that_repeats_a_key(account: Account, key: str) -> None:
    """The first is Asterisk's own, and says of which call it is; what the dial plan added is told."""
    call = talk(account, "IAX2/desk-1")
    own = {"Uniqueid": "1.2", "Channel": "IAX2/desk-1", "CallerIDNum": "102", "Exten": "222"}
    event = {"Event": "UserEvent", "UserEvent": "Door", **own, key: f"{own[key]}\nmine", "Floor": "2"}
    (notice,) = account.hear(**event)
    assert isinstance(notice, m.Notice)
    assert (notice.call_id, notice.extension) == (call.id, "102")
    said = notice.fields["parameters"]
    assert isinstance(said, tuple)
    assert set(said) == {f"{key}=mine", "Floor=2"}


@pytest.mark.parametrize(
    ("listed", "new", "old", "told"),
    [
        (None, "1", "0", 1),
        (None, "2", "1", 0),
        (None, "0", "3", 0),
        ("0", "1", "0", 1),
        ("2", "1", "1", 0),
        ("1", "2", "0", 1),
    ],
)
async def test_a_message_that_is_new(account: Account, listed: str | None, new: str, old: str, told: int) -> None:
    """Whoever hears one of several has got none, though it was not known how many there were."""
    if listed is not None:
        row = {"VoiceMailbox": "101", "VMContext": "default", "NewMessageCount": listed}
        account._house.take_mailboxes([row])  # noqa: SLF001 - as it is read with the phones
    pushed = account.hear(Event="MessageWaiting", Mailbox="101@default", Waiting="1", New=new, Old=old)
    assert len([one for one in pushed if isinstance(one, m.Notice)]) == told


DATABASE = {
    "AMPUSER": {"101/cidname": "Anna Keller", "101/cidnum": "101", "102/cidname": "Petr Novák"},
    "DND": {"102": "YES"},
    "CF": {"101": "777123456"},
}


def one_key(fields: Mapping[str, object]) -> list[Message]:
    """Return a key of the database."""
    value = DATABASE.get(str(fields["Family"]), {}).get(str(fields["Key"]))
    if value is None:
        raise RefusedError("Database entry not found")
    return [{"Event": "DBGetResponse", "Family": str(fields["Family"]), "Key": str(fields["Key"]), "Val": value}]


def all_keys(fields: Mapping[str, object]) -> list[Message]:
    """Return a family of the database."""
    family = str(fields["Family"])
    return [{"Key": f"/{family}/{key}", "Val": value} for key, value in DATABASE.get(family, {}).items()]


@pytest.mark.parametrize("action", ["DBGetTree", "DBGet"])
async def test_the_database_of_older_and_newer_releases(account: Account, action: str) -> None:
    """Newer ones list it; older ones (many of 16 and 18) tell one key after the other."""
    paper = account.paper
    actions = ("CoreShowChannels", "ExtensionStateList", "DBPut", "DBGet", action)
    paper.answers["ListCommands"] = dict.fromkeys(actions, "Something")
    paper.lists = {
        "ExtensionStateList": lambda _: [{"Exten": one, "Hint": f"PJSIP/{one}"} for one in ("101", "102", "103")],
        action: one_key if action == "DBGet" else all_keys,
    }
    await account.account()
    assert m.Capability.FORWARDING in account.capabilities
    phones = {phone.number: phone for phone in (await account.directory()).extensions or ()}
    assert [phones[number].name for number in ("101", "102", "103")] == ["Anna Keller", "Petr Novák", ""]
    assert [phones[number].dnd for number in ("101", "102", "103")] == [False, True, False]
    assert [phones[number].forwarded_to for number in ("101", "102", "103")] == ["777123456", "", ""]


async def test_the_end_of_a_call_is_that_of_its_caller(account: Account) -> None:
    """Where the phone alone is hung up, the dial plan may go on with the caller, to a survey."""
    call = talk(account, "IAX2/desk-1")
    await account.hangup(m.CallRef(call=call))
    assert account.sent("Hangup") == [{"Channel": "PJSIP/trunk-00000001"}]
    account.paper.sent.clear()
    await account.hangup(m.CallRef(call=call, extension="102"))
    assert account.sent("Hangup") == [{"Channel": "IAX2/desk-1"}]


async def test_a_phone_that_fetches_a_parked_call_rings_for_it(account: Account) -> None:
    """It is rung by the phone system alone, and places no call."""
    call = talk(account, "IAX2/desk-1")
    park = {"ParkeeUniqueid": "1.1", "ParkeeChannel": "PJSIP/trunk-00000001", "ParkingSpace": "701"}
    account.hear(Event="ParkedCall", **park)
    account.hear(Event="Hangup", Cause="16", Channel="IAX2/desk-1", Uniqueid="1.2", Linkedid="1.1")
    await account.retrieve(m.CallRef(call=call), "101")
    uid = str(account.sent("Originate")[0]["ChannelId"])
    phone = {"Channel": "PJSIP/101-00000005", "Uniqueid": uid, "Linkedid": uid}
    told = account.hear(Event="Newchannel", ChannelState="0", Exten="s", **phone)
    told += account.hear(Event="DialBegin", DestUniqueid=uid, DestChannel=phone["Channel"])
    told += account.hear(Event="Newstate", ChannelState="5", **phone)
    legs = [one for one in told if isinstance(one, m.LegPush) and one.extension == "101"]
    assert [(leg.call_id, leg.state) for leg in legs] == [(call.id, m.CallState.RINGING)]
