"""Large accounts of each provider, as large as what it offers allows."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, override

from tests.chaos import lines as small
from tests.chaos.lines import Line
from tests.simulators.voipat import VoipatSimulator
from tests.simulators.voipat_wire import ON_PAPER
from tests.simulators.voipstudio import VoipstudioSimulator
from tests.simulators.voipstudio_people import Queue as VoipstudioQueue
from tests.simulators.voipstudio_people import people
from tests.simulators.voipsun import VoipsunSimulator
from tests.simulators.voipsun_model import Agent, Queue, crowd
from tests.simulators.voxloud import VoxloudSimulator
from tests.simulators.voxloud_model import demo_users

EXTENSIONS, AGENTS, QUEUES, CALLS = 1000, 200, 50, 500


class Voipat(small.Voipat):
    """VOIP@ Cloud, whose agents are whoever has pressed the button in the browser."""

    @override
    def make(self, seed: int) -> VoipatSimulator:
        made = VoipatSimulator(extensions=EXTENSIONS, seed=seed, clock=small.now, extensions_broken=False, **ON_PAPER)
        for number in (str(1001 + index) for index in range(AGENTS)):
            made.engine.extensions[made.domain, number].tabs = 1
        return made


class Voxloud(small.Voxloud):
    """Voxloud, which has no agents and no queues."""

    @override
    def make(self, seed: int) -> VoxloudSimulator:
        return VoxloudSimulator(seed=seed, clock=small.now, users=demo_users(EXTENSIONS, first=1001))


class Voipsun(small.Voipsun):
    """VoIPSUN PBX, where each agent and each queue is asked about by itself."""

    @override
    def make(self, seed: int) -> VoipsunSimulator:
        names = [f"queue{index}" for index in range(QUEUES)]
        everybody = replace(
            crowd(EXTENSIONS),
            queues=[Queue(name=name, number=str(600 + index)) for index, name in enumerate(names)],
            agents=[
                Agent(
                    number=str(3000 + index),
                    name=f"agent{index}",
                    full_name=f"Agent {index}",
                    pin=str(100_000 + index),
                    queues={names[index % QUEUES]: 1},
                    login_at=str(10_001 + index),
                )
                for index in range(AGENTS)
            ],
        )
        return VoipsunSimulator(everybody, seed=seed, clock=small.now)


class Voipstudio(small.Voipstudio):
    """VoIPstudio, whose agents are the members of queues."""

    @override
    def make(self, seed: int) -> VoipstudioSimulator:
        everybody = people(EXTENSIONS)
        ids = [user.id for user in everybody.users[:AGENTS]]
        everybody.queues = [
            VoipstudioQueue(
                id=80_000 + index,
                name=f"Queue {index}",
                number=6000 + index,
                members=dict.fromkeys(ids[index::QUEUES], True),
            )
            for index in range(QUEUES)
        ]
        return VoipstudioSimulator(population=everybody, seed=seed, clock=small.now)


LINES: Mapping[str, type[Line[Any]]] = {line.provider: line for line in (Voipat, Voxloud, Voipsun, Voipstudio)}
FIRST: Mapping[str, int] = {"voipat": 1001, "voxloud": 1001, "voipsun": 10_001, "voipstudio": 1001}
