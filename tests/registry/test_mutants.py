"""The list of mutants fits the registry, and what is wrong in a copy is noticed, or said not to be."""

import pytest

from . import mutants
from .mutants import INTEGRATION, MUTANTS, PROJECT, Mutant


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_each_mutant_fits_the_registry(mutant: Mutant) -> None:
    """Its text stands there once."""
    assert (PROJECT / INTEGRATION / mutant.file).read_text().count(mutant.old) == 1


def test_each_rule_has_a_mutant() -> None:
    """All fifteen but one: channels that are no calls are kept out by the providers."""
    assert {int(mutant.rule.split()[0]) for mutant in MUTANTS} == set(range(1, 16)) - {13}
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)


@pytest.mark.parametrize("name", ["rank", "slot"])
def test_a_mutant_is_noticed(name: str) -> None:
    """The whole list is run by scripts/mutants."""
    noticed, by = mutants.judge({mutant.name: mutant for mutant in MUTANTS}[name])
    assert noticed
    assert by.startswith("test_rule_")


def test_a_mutant_that_goes_unnoticed_or_fits_no_more_is_bad(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The exit status says so, and the table which it was."""
    harmless = Mutant("harmless", "0", "registry/active_leg.py", '"""A leg: one', '"""A leg, which is one')
    gone = Mutant("gone", "0", "registry/active_leg.py", "what never stood there", "")
    monkeypatch.setattr(mutants, "MUTANTS", (harmless, gone))
    monkeypatch.setattr(mutants, "NOTICING", ("test_directory.py",))
    assert mutants.main(["harmless"]) == 1
    assert "BAD  harmless" in capsys.readouterr().out
    assert mutants.main([]) == 1
    assert "BAD  gone             0                              fits no more" in capsys.readouterr().out
