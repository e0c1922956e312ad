"""The calls of an account, put together from all that is told of them.

Theory of operation
===================

A phone system tells of its calls in three ways, and none of them is enough. *Messages* come at
once, but get lost, doubled and out of order. *Lists* are complete, but seconds old by the time
they are read. *Records* know best how a call went, but only when it is over, and one may be about
one phone only. The registry makes one truth of them: which calls there are now, and what happened,
each thing once.

It is pure. Time is an argument, nothing is awaited, no input has an effect but on the registry
itself; each returns `Changes`: whose states changed, what happened, and whether the phone system
had better be asked. The same inputs always give the same truth, which is why it can be tested by
tables, and by stories that nobody has thought of.

An input goes through five steps, each of which owns what it remembers:

1. **Identify** (`identity.py`): which call is this about? Mostly the id says so. Where messages
   have ids of another kind than lists, it is inferred from who talks to whom since when
   (`identity_by_parties.py`); the heart of the registry does not know which of the two is at work.
2. **Apply** (`apply_message.py`, `apply_list.py`, `records.py`): take what was said as *facts*, of
   the call (`facts.py`) and of its legs (`active_leg.py`). A fact has a source and a time, and they
   decide between two that contradict: a leg climbs in rank and never comes down, unless its state
   was only *inferred* (`inferences.py`).
3. **Recompute** (`outcomes.py`): what do the facts mean? A pure function, and the only place that
   says whether a call was answered, by whom, and how it ended.
4. **Announce** (`announcements.py`): what is new since the last time? The difference between what
   was told (`told.py`) and what is so, as a list of events.
5. **Index** (`active_calls.py`): where is it shown? All calls, those of an extension, one per slot.

`CallRegistry` (`call_registry.py`) takes the inputs, and has `Lists` (`lists.py`) and `Messages`
(`messages.py`) take them through the first two steps; `Lifecycle` (`lifecycle.py`) takes a call
through the other three, and through its life:

    begins ──> goes on ──> grace ──> ended (a tombstone) ──> forgotten
                  ^          │              │
                  └──────────┴──────────────┘  only if the end was inferred

A call whose last leg has ended is over, but perhaps only seems to be: the next phone of a queue may
ring in a second. So it waits in its *grace*, shown nowhere, and nothing is told. When the grace is
over, or a list no longer has the call, it has *ended*: it is told, and its id is remembered, so
that what comes late does not begin it anew. If nobody said that it had ended, and it goes on after
all, it is taken back, and nothing that was told before is told again. Calls of which nothing is
heard end by themselves (`deadlines.py`).

Three things make up an `ActiveCall`, and it is worth keeping them apart. The *facts* are what was
said. What was *told* belongs to the announcements, and no fact ever depends on it. The *sources*
are the bookkeeping: when each was last heard, and who had the last word; a row of a list is skipped
when lists had it and say the same again.

Beside the calls, `directory.py` keeps extensions, agents and queues. The rules by number, and one
table for each machine, are in docs/development/calls.md; the tests drive the code through them.
"""
