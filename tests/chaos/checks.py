"""What the tests of all four providers share: some plans, without a mismatch."""

from .runs import carry_out, complaint

EACH = 100
AT_ONCE = 25
FIRST = range(1, EACH + 1, AT_ONCE)


def check(provider: str, first: int, expected_warnings: list[str]) -> None:
    """Carry out some plans; a failure names the seed, and the command that repeats it."""
    expected_warnings.append("")
    found = [verdict for verdict in carry_out(provider, range(first, first + AT_ONCE)) if verdict.mismatches]
    assert not found, "\n".join(["", *map(complaint, found)])
