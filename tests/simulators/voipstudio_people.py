"""Who and what lives on a simulated VoIPstudio account (contract sections 4.2, 4.3, 4.7, 4.9)."""

from dataclasses import dataclass, field

NAMES = (
    ("Anna", "Keller"),
    ("Jonas", "Lindqvist"),
    ("Marta", "Nowak"),
    ("Luca", "Ferrari"),
    ("Sophie", "Dubois"),
)
SPARE_FIRST = ("Elena", "Pieter", "Ingrid", "Tomás", "Zoë", "Mikkel", "Aoife", "Dragan", "Käthe", "Rui")
SPARE_LAST = ("Novák", "de Vries", "Horváth", "O'Brien", "Jørgensen", "Müller", "Popescu", "Silva", "Virtanen", "Rossi")


@dataclass(slots=True, kw_only=True)
class User:
    """A user of the account; the SIP user name is the id, not the extension."""

    id: int
    ext: str
    first_name: str
    last_name: str
    email: str
    password: str = "correct horse battery staple"
    sip_password: str = "SIP-SECRET-of-this-user"
    role: str = "Administrator"
    active: bool = True
    dnd: bool = False
    registered: bool = True
    remote_answer: bool = True
    two_factor: bool = False
    nb_sip_locations: int = 1
    cli: str = "441632960500"
    agent_string: str = "VoIPstudio 3.4.0 / win32"
    legs: set[int] = field(default_factory=set)

    @property
    def name(self) -> str:
        """The name that calls show."""
        return f"{self.first_name} {self.last_name}"

    @property
    def reachable(self) -> bool:
        """Whether a call would make this phone ring."""
        return self.active and self.registered and not self.dnd


@dataclass(slots=True, kw_only=True)
class Queue:
    """A call queue; members map a user id to whether that agent has joined."""

    id: int
    name: str
    number: int
    members: dict[int, bool] = field(default_factory=dict)
    ring_strategy: str = "A"
    ring_time: int = 15
    skip_busy: bool = True


@dataclass(slots=True, kw_only=True)
class RingGroup:
    """Phones that ring together; the prefix is shown before the caller's name."""

    id: int
    name: str
    number: int
    members: list[int] = field(default_factory=list)
    prefix: str = ""


@dataclass(slots=True, kw_only=True)
class Population:
    """Everything the account starts with."""

    customer_id: int = 2
    users: list[User]
    queues: list[Queue] = field(default_factory=list)
    ring_groups: list[RingGroup] = field(default_factory=list)
    numbers: list[tuple[str, str]] = field(default_factory=list)
    """Pairs of an E.164 number without plus and its name."""
    contacts: list[dict[str, object]] = field(default_factory=list)


def people(count: int = 5) -> Population:
    """Make an account with this many extensions from 1001 on, and one user who has none."""
    users = []
    for index in range(count):
        first, last = (
            NAMES[index]
            if index < len(NAMES)
            else (SPARE_FIRST[index % 10], f"{SPARE_LAST[index // 10 % 10]} {index + 1}")
        )
        users.append(
            User(
                id=10002 + index,
                ext=str(1001 + index),
                first_name=first,
                last_name=last,
                email=f"user{1001 + index}@example.com",
                sip_password=f"SIP-SECRET-{10002 + index}",
                role="Administrator" if index == 0 else "User",
            )
        )
    users.append(
        User(
            id=10001,
            ext="",
            first_name="Ida",
            last_name="Bergström",
            email="ida@example.com",
            sip_password="SIP-SECRET-10001",
            role="Reception",
            registered=False,
            nb_sip_locations=0,
        )
    )
    ids = [user.id for user in users[:count]]
    return Population(
        users=users,
        queues=[
            Queue(id=80892, name="Support", number=601, members=dict.fromkeys(ids[:3], True)),
            Queue(
                id=80893,
                name="Sales",
                number=602,
                members={user_id: index > 0 for index, user_id in enumerate(ids[1:4])},
            ),
        ],
        ring_groups=[RingGroup(id=83502, name="Front desk", number=701, members=ids[:3], prefix="Acme")],
        numbers=[("441632960500", "Main number"), ("441632960501", "Support line")],
        contacts=[
            {"first_name": "Grace", "last_name": "Okafor", "tel": "441632960123", "mobile": "447700900123"},
            {"first_name": "Piotr", "last_name": "Zając", "tel": "441632960124", "mobile": ""},
        ],
    )


__all__ = ["Population", "Queue", "RingGroup", "User", "people"]
