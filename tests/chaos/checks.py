"""What the tests of all four providers share: some plans, without a mismatch."""

from collections import Counter

from .plan import EXPECTED
from .runs import carry_out, complaint

EACH = 100
AT_ONCE = 25
FIRST = range(1, EACH + 1, AT_ONCE)
UNKNOWN = {"voxloud": 0.5}
"""How much of what was compared may not be wholly known: a lot where only messages tell of calls, and many are lost."""
LITTLE = 0.1


def check(provider: str, first: int, expected_warnings: list[str]) -> None:
    """Carry out some plans; a failure names the seed, and the command that repeats it."""
    expected_warnings += EXPECTED
    verdicts = carry_out(provider, range(first, first + AT_ONCE))
    found = [verdict for verdict in verdicts if verdict.mismatches]
    assert not found, "\n".join(["", *map(complaint, found)])
    judged = sum((verdict.judged for verdict in verdicts), Counter[str]())
    assert judged["unknown"] <= UNKNOWN.get(provider, LITTLE) * judged["compared"]
