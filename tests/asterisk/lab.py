"""Start a private Asterisk 22 on loopback ports that are free, with five phones, a trunk, queues and the usual rest.

`scripts/setup-asterisk` unpacks the program. A `Server` is the process, which may outlive an event loop; a `Lab` is a
server with phones plugged in:

    async with Lab() as lab, lab.ami() as ami:
        far = await lab.trunk.dial("222300101", caller="420777123456")
        near = await lab.phones["101"].ringing()
        await near.answer()
"""

import asyncio
import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Self

from . import freepbx
from .ami import Ami, AmiError
from .certificate import write_certificate
from .config import FILES, NATURAL, PEOPLE, Times
from .phone import Phone

PROJECT = Path(__file__).parents[2]
START_TIME, BOOT_TIME, STOP_TIME = 60.0, 10.0, 10.0
FOLDERS = (
    *("etc", "run", "log/cdr-csv", "varlib", "db", "spool/recording", "spool/voicemail"),
    *("spool/monitor", "moh", "keys", "cache"),
)
PORTS = (10_000, 20_000)
RTP_PORTS = 200
MISSING = "No Asterisk here"


PATIENCE = 30.0
"""How long, in seconds, a test waits for what has to come; on a busy machine all takes longer."""

type Condition = Callable[[], bool | Awaitable[bool]]


async def until(condition: Condition, within: float = PATIENCE) -> float:
    """Wait for something, and return how many seconds that took; raise TimeoutError after `within` seconds."""
    began = time.monotonic()
    async with asyncio.timeout(within):
        while True:
            found = condition()
            if found if isinstance(found, bool) else await found:
                return time.monotonic() - began
            await asyncio.sleep(0.02)


class NoAsteriskError(Exception):
    """Asterisk cannot be had on this machine; the text says why."""


def asterisk_root() -> Path:
    """Return the folder of the private Asterisk, unpacking it first where that was not done; raise NoAsteriskError."""
    done = subprocess.run([PROJECT / "scripts" / "setup-asterisk"], check=False, capture_output=True, text=True)
    if done.returncode:
        raise NoAsteriskError((done.stderr.strip().splitlines() or [MISSING])[-1])
    return Path(done.stdout.strip())


def free_ports(count: int, kind: int = socket.SOCK_STREAM) -> list[int]:
    """Return loopback ports that nobody uses, of those that systems do not usually hand out.

    Who asks for any port, as phones do, does not get one of them before it is used.
    """
    with contextlib.ExitStack() as stack:
        ports: list[int] = []
        while len(ports) < count:
            port = random.randrange(*PORTS)
            sock = stack.enter_context(socket.socket(socket.AF_INET, kind))
            with contextlib.suppress(OSError):
                sock.bind(("127.0.0.1", port))
                ports.append(port)
        return ports


class Server:
    """One Asterisk with a configuration of its own."""

    def __init__(
        self,
        work: Path | None = None,
        *,
        root: Path | None = None,
        times: Times = NATURAL,
        timestamps: bool = True,
        ami_port: int = 0,
        as_freepbx: bool = False,
        records: bool | None = None,
        late_records: bool = False,
    ) -> None:
        """Prepare; files go into `work`, or into a folder that is removed in the end. All ports are free ones.

        Without `timestamps` events carry no times, which is how Asterisk and FreePBX come. With `as_freepbx` the dial
        plan, the queue and the database are what FreePBX makes. `records` lets it tell the records of calls (CDR),
        which FreePBX as it comes does not; `late_records` are kept until `cdr submit` asks for them.
        """
        self.root = root or asterisk_root()
        self.work = work or Path(tempfile.mkdtemp(prefix="pbx-asterisk-"))
        self.times, self.timestamps, self.as_freepbx = times, timestamps, as_freepbx
        self.records = not as_freepbx if records is None else records
        self.late_records = late_records
        self._own_folder = work is None
        self._rtp = random.randrange(20_000, 32_000, RTP_PORTS)
        self.sip_port, self.trunk_port = free_ports(2, socket.SOCK_DGRAM)
        free, self.ami_tls_port = free_ports(2)
        self.ami_port = ami_port or free
        self._process: subprocess.Popen[bytes] | None = None
        self.write()

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    @property
    def certificate(self) -> Path:
        """The certificate of AMI's TLS, made by itself."""
        return self.work / "etc" / "certificate.pem"

    def write(self) -> None:
        """Write the configuration and make the folders."""
        for name in FOLDERS:
            (self.work / name).mkdir(parents=True, exist_ok=True)
        conf, share = self.work / "etc", self.root / "usr/share/asterisk"
        folders = {
            "astetcdir": conf,
            "astmoddir": next((self.root / "usr/lib").glob("*/asterisk/modules")),
            "astvarlibdir": self.work / "varlib",
            "astcachedir": self.work / "cache",
            "astdbdir": self.work / "db",
            "astkeydir": self.work / "keys",
            "astdatadir": share,
            "astagidir": share / "agi-bin",
            "astspooldir": self.work / "spool",
            "astrundir": self.work / "run",
            "astlogdir": self.work / "log",
        }
        lines = ["[directories]", *(f"{key} => {value}" for key, value in folders.items())]
        lines += ["[options]", "verbose = 3", "systemname = lab", "documentation_language = en_US", "maxcalls = 200"]
        (conf / "asterisk.conf").write_text("\n".join(lines) + "\n")
        values: dict[str, object] = {
            **{name: getattr(self.times, name) for name in Times.__dataclass_fields__},
            "ami": self.ami_port,
            "ami_tls": self.ami_tls_port,
            "sip": self.sip_port,
            "trunk": self.trunk_port,
            "rtp": self._rtp,
            "rtp_end": self._rtp + RTP_PORTS,
            "work": self.work,
            "timestamps": "yes" if self.timestamps else "no",
            "records": "yes" if self.records else "no",
            "late_records": "yes" if self.late_records else "no",
        }
        write_certificate(self.certificate)
        written = {name: text.format(**values) for name, text in FILES.items()}
        written |= freepbx.files(values) if self.as_freepbx else {}
        context = "from-internal" if self.as_freepbx else "internal"
        written["pjsip.conf"] += "".join(_person(user, name, context) for user, name in PEOPLE.items())
        for name, text in written.items():
            (conf / name).write_text(text)

    def spawn(self) -> None:
        """Start the process; `ready` waits until it has booted."""
        with (self.work / "console.log").open("ab") as log:
            # With whoever started it gone, it goes too.
            guard = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
            self._process = subprocess.Popen(
                [*guard, self.root / "bin/asterisk", "-f", "-C", self.work / "etc/asterisk.conf"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    async def ready(self) -> None:
        """Wait until it has booted, and know the names of the people as FreePBX keeps them."""
        async with asyncio.timeout(START_TIME):
            while not await self._booted():
                if not self.running:
                    raise RuntimeError((self.work / "console.log").read_text(errors="replace")[-3000:])
                await asyncio.sleep(0.1)

    async def _booted(self) -> bool:
        """Return whether Asterisk has booted and takes calls."""
        try:
            async with self.ami(events=True) as ami:
                await asyncio.wait_for(ami.booted.wait(), BOOT_TIME)
                await ami.action("ModuleCheck", Module="chan_pjsip")
                for (family, key), value in self._database().items():
                    await ami.action("DBPut", Family=family, Key=key, Val=value)
        except OSError, AmiError, TimeoutError:
            return False
        return True

    def _database(self) -> dict[tuple[str, str], str]:
        """Return what is kept in Asterisk's database, by family and key."""
        if self.as_freepbx:
            return freepbx.database()
        return {("AMPUSER", f"{user}/cidname"): name for user, name in PEOPLE.items()}

    def signal(self, number: signal.Signals) -> None:
        """Send the process a signal."""
        if self._process is not None and self.running:
            os.kill(self._process.pid, number)

    def stop(self) -> None:
        """End it in order, and wait; the folder goes with it where it is its own."""
        if self._process is not None and self.running:
            self._process.terminate()
            try:
                self._process.wait(STOP_TIME)
            except subprocess.TimeoutExpired:
                self.kill()
        if self._own_folder:
            shutil.rmtree(self.work, ignore_errors=True)

    def kill(self) -> None:
        """Cut its power."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def ami(self, username: str = "full", *, events: bool = False) -> Ami:
        """Return a login: `full`, `homeassistant` (the rights an integration should have), `modest`, `onlooker`."""
        return Ami("127.0.0.1", self.ami_port, username, username, events=events)


def _person(user: str, name: str, context: str) -> str:
    """Return the configuration of a person's phone."""
    mailbox = f"mailboxes={user}@default\n" if user in ("101", "105") else ""
    return f"""\
[{user}]
type=endpoint
context={context}
message_context=messages
disallow=all
allow=ulaw
direct_media=no
auth={user}
aors={user}
callerid="{name}" <{user}>
accountcode={user}
call_group=1
pickup_group=1
dtmf_mode=rfc4733
device_state_busy_at=0
{mailbox}[{user}]
type=auth
auth_type=userpass
username={user}
password=secret{user}
[{user}]
type=aor
max_contacts=1
remove_existing=yes
qualify_frequency=30
"""


class Lab:
    """A running Asterisk and its phones."""

    def __init__(self, work: Path | None = None, *, server: Server | None = None, times: Times = NATURAL) -> None:
        """Prepare; `async with` starts a server, or plugs the phones into the one that is given and stays."""
        self.server = server or Server(work, times=times)
        self._own_server = server is None
        self.phones: dict[str, Phone] = {}
        address = ("127.0.0.1", self.server.sip_port)
        for user, name in PEOPLE.items():
            self.phones[user] = Phone(user, server=address, password=f"secret{user}", name=name)
        self.trunk = Phone(
            "trunk",
            server=address,
            port=self.server.trunk_port,
            headers={"X-Trunk": "yes"},
            software="Provider/1.0",
        )

    async def __aenter__(self) -> Self:
        """Start what is not running, and plug in the phones."""
        try:
            await self.start()
            for phone in self.phones.values():
                await phone.start()
            await self.trunk.start(register=False)
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Unplug the phones, and stop the server where it is this lab's own."""
        for phone in (*self.phones.values(), self.trunk):
            await phone.stop()
        if self._own_server:
            await self.stop()

    @property
    def work(self) -> Path:
        """The folder of the configuration and the logs."""
        return self.server.work

    @property
    def root(self) -> Path:
        """The folder of the program."""
        return self.server.root

    @property
    def ami_port(self) -> int:
        """Where AMI listens."""
        return self.server.ami_port

    @property
    def sip_port(self) -> int:
        """Where SIP listens, on UDP."""
        return self.server.sip_port

    def ami(self, username: str = "full", *, events: bool = False) -> Ami:
        """Return a login at AMI."""
        return self.server.ami(username, events=events)

    async def start(self) -> None:
        """Start the server where it does not run, and wait until it has booted."""
        if not self.server.running:
            self.server.spawn()
        await self.server.ready()

    async def stop(self) -> None:
        """End the server in order."""
        await asyncio.to_thread(self.server.stop)

    async def kill(self) -> None:
        """Cut the server's power; `start` is the next boot, after which phones have to register again."""
        await asyncio.to_thread(self.server.kill)
        for phone in (*self.phones.values(), self.trunk):
            phone.forget_calls()
