"""What is put in last is kept."""

from custom_components.pbx.telephony.bounded_map import BoundedMap


def test_the_oldest_entry_is_forgotten_first() -> None:
    """Only as many are kept as were asked for, and a new value does not make an entry newer."""
    kept = BoundedMap[int](2)
    for key, value in (("a", 1), ("b", 2), ("a", 3)):
        kept.put(key, value)
    assert (len(kept), kept.get("a"), kept.get("b")) == (2, 3, 2)
    kept.put("c", 4)
    assert (len(kept), kept.get("a"), "a" in kept, "c" in kept) == (2, None, False, True)
    assert list(kept) == ["b", "c"]


def test_a_key_that_was_discarded_is_gone() -> None:
    """Whether it was there or not."""
    kept = BoundedMap[int](2)
    kept.put("a", 1)
    kept.discard("a")
    kept.discard("b")
    assert len(kept) == 0
