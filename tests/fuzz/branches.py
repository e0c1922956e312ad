"""Which branches of the parsers no body has reached."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from coverage import Coverage

from custom_components.pbx import providers

PARSERS = (
    "values",
    "voipat/calls",
    "voipat/payload",
    "voipat/push",
    "voipstudio/calls",
    "voipstudio/contacts",
    "voipstudio/history",
    "voipstudio/payload",
    "voipstudio/push",
    "voipsun/calls",
    "voipsun/ends",
    "voipsun/glue",
    "voipsun/grouping",
    "voipsun/pairing",
    "voipsun/payload",
    "voipsun/queues",
    "voipsun/shown",
    "voipsun/stories",
    "voxloud/payload",
    "voxloud/push",
)
# Decided by what was asked for, how long ago, and how a number was typed: by no body.
ELSEWHERE = frozenset(
    {
        ("voipsun/calls", "if request in self._requests:"),
        ("voipsun/calls", "if now - request.at > PLACED_AGE:"),
        ("voxloud/payload", 'if not found.startswith("+"):'),
    }
)


@contextmanager
def watched(provider: str) -> Iterator[list[str]]:
    """Watch the parsers, or those of one provider; afterwards the list holds the branches that were not taken."""
    watch, missed = Coverage(branch=True, data_file=None), list[str]()
    watch.start()
    try:
        yield missed
    finally:
        watch.stop()
    for parser in (parser for parser in PARSERS if parser.startswith(provider)):
        file = Path(providers.__file__).parent / f"{parser}.py"
        lines = file.read_text("utf-8").splitlines()
        for number, (ways, taken) in sorted(watch.branch_stats(str(file)).items()):
            line = lines[number - 1].strip()
            if taken < ways and (parser, line) not in ELSEWHERE:
                missed.append(f"{parser}.py:{number}: {line}")
