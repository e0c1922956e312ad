"""Spoil bodies: as JSON, as bytes, as forms, and in the envelope they come in."""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from custom_components.pbx.providers.http import Reply
from custom_components.pbx.telephony.models import PushRequest

DEEP = 3000
LONG = 20_000
MOST_WORDS = 60
TEXTS: Sequence[str] = (
    "", " ", "0", "-1", "1", "true", "False", "null", "None", "NaN", "-inf", "1e999", "0x10", "1_000", "١٢٣", "²",
    "\x00", "\ud800", "a\ud800b", "\u202e", "é" * 300, "9" * 400, "-" * 50, "{}", "[]", "<b>", "%", "%00", "%ff",
    "{caller_id}", "'; --", "..", "../..", "+", "+" * 20, "+39", "00", "anonymous", "ANONYMOUS", "*", "#", "sip:x@y",
    "2026-02-30", "2026-10-05", "2026-10-05T12:00:00", "2026-10-05T25:61:61Z", "0000-00-00 00:00:00", "12:61:61",
    "9999-12-31T23:59:59.999999-23:59", "0001-01-01T00:00:00+23:59", "05/10/2026", "1e3", "99999999999999999999",
    "2026-10-05T12:00:00.123456789Z", "00:00:00", "-00:01", "1:2:3:4", "x" * LONG, "+1" + "0" * 200,
)  # fmt: skip
NUMBERS: Sequence[Any] = (
    0, 1, -1, 2, 0.5, -0.0, 1e308, -1e308, float("nan"), float("inf"), float("-inf"), 2**31, 2**63, -(2**63), 10**30,
    10**300, 1790000000, 1790000000000, 1e16, 253402300800, -62135596801, 1e-320, 4, 101, 1001,
)  # fmt: skip
OTHERS: Sequence[Any] = (None, True, False, [], {}, [[]], [{}], [None], {"": ""}, {"0": {}}, {"data": []}, [[[[]]]])
MARKS: Sequence[str] = (
    " ", "\x00", "\ud800", "é", "%", "\n", "-", "9", "/", "@", "\x1b[31m", "\u202e", "\u200b", "\r\n", "\x85", "\u2028",
)  # fmt: skip
DOCUMENTS: Sequence[bytes] = (
    b"", b" ", b"null", b"true", b"0", b'""', b"[]", b"{}", b"[{}]", b"[[]]", b"[null]", b"<html></html>",
    b"\xef\xbb\xbf{}", b"[" * DEEP, b'{"a":' * DEEP, b"[" * DEEP + b"]" * DEEP, b"NaN", b"-Infinity",
    b"9" * 5000, b'{"a":1,"a":2}', b"\x00", b"\xff\xfe", b'"\\ud800"', b"{'a': 1}", b"success", b"OK",
)  # fmt: skip
TYPES: Sequence[str] = (
    "", "application/json", "application/json; charset=utf-16", "text/html", "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x", "text/plain; charset=nonsense", "application/xml", "json", "a" * 300,
)  # fmt: skip
STATUSES: Sequence[int] = (
    200,
    200,
    200,
    201,
    202,
    204,
    206,
    301,
    400,
    401,
    403,
    404,
    405,
    409,
    412,
    422,
    429,
    500,
    502,
)
HEADERS: Sequence[Mapping[str, str]] = (
    {"Retry-After": "x"},
    {"Retry-After": "-5"},
    {"Retry-After": "9" * 400},
    {"Retry-After": "nan"},
    {"RateLimit-Policy": "99999999999;w=60"},
    {"RateLimit-Policy": "10;w=60", "RateLimit-Remaining": "0", "RateLimit-Reset": "1e400"},
    {"X-RateLimit-Limit": "٣٠٠", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "99999999999"},
)

# What has ever stood under a key, in any body of any provider; at first what the contracts have and no simulator says.
WORDS: dict[str, list[Any]] = {
    "callstate": ["HELD", "EARLY", "RINGING", "ACTIVE", "HANGUP"],
    "direction": [None, "internal", "inbound", "outbound"],
    "interface": ["Agent/nobody"],
    "location": ["Agent/nobody"],
    "last_app": ["voicemail"],
    "missed_call": [True, "true", "false"],
    "name": ["Nobody", "loopback/101-a", "loopback/101-b"],
    "state": ["HANGUP", "MISSED", "ON_HOLD"],
    "status": ["Unregistered(TCP)", "voicemail"],
}
RARE = tuple(WORDS)

type Path = list[str | int]


def value(rng: random.Random) -> Any:
    """Invent a value that nobody expects."""
    kind = rng.random()
    if kind < 0.45:
        return rng.choice(TEXTS)
    if kind < 0.75:
        return rng.choice(NUMBERS)
    return rng.choice(OTHERS)


def tree(rng: random.Random, item: Any) -> Any:
    """Change one thing somewhere in a JSON value; what is not concerned is shared with the original."""
    path, found = _somewhere(rng, item)
    return _put(item, path, _changed(rng, found))


def learn(item: Any) -> None:
    """Note what stands under each key."""
    for key, entry in item.items() if isinstance(item, dict) else enumerate(item) if isinstance(item, list) else ():
        if isinstance(key, str):
            known = WORDS.setdefault(key, [])
            if entry not in known and len(known) < MOST_WORDS:
                known.append(entry)
        learn(entry)


def _somewhere(rng: random.Random, item: Any) -> tuple[Path, Any]:
    path: Path = []
    while (
        isinstance(item, dict | list)
        and item
        and (not path or rng.random() > (0.35 if isinstance(item, dict) else 0.1))
    ):
        key: Any = rng.choice(list(item)) if isinstance(item, dict) else rng.randrange(len(item))
        path.append(key)
        item = item[key]
    return path, item


def _put(item: Any, path: Path, new: Any) -> Any:
    if not path:
        return new
    copy = item.copy()
    copy[path[0]] = _put(item[path[0]], path[1:], new)
    return copy


def _changed(rng: random.Random, item: Any) -> Any:
    chosen: Callable[[random.Random, Any], Any] = value_of
    if isinstance(item, dict) and item and rng.random() < 0.9:
        chosen = rng.choice(OBJECT)
    elif isinstance(item, list) and rng.random() < 0.9:
        chosen = rng.choice(LIST)
    elif isinstance(item, str) and item and rng.random() < 0.5:
        chosen = rng.choice(TEXT)
    elif isinstance(item, int | float) and rng.random() < 0.4:
        chosen = rng.choice(NUMBER)
    return chosen(rng, item)


def value_of(rng: random.Random, _item: Any) -> Any:
    """Put another value in its place."""
    return value(rng)


def _without(rng: random.Random, item: dict[str, Any]) -> Any:
    gone = rng.choice(list(item))
    return {key: entry for key, entry in item.items() if key != gone}


def _renamed(rng: random.Random, item: dict[str, Any]) -> Any:
    old = rng.choice(list(item))
    new = rng.choice((old.upper(), old.lower(), old.title(), f"{old} ", f"{{{old}}}", "", "x"))
    return {new if key == old else key: entry for key, entry in item.items()}


def _swapped(rng: random.Random, item: dict[str, Any]) -> Any:
    one, other = rng.choice(list(item)), rng.choice(list(item))
    return {**item, one: item[other], other: item[one]}


def _with_word(rng: random.Random, item: dict[str, Any]) -> Any:
    key = rng.choice(RARE)
    return {**item, key: rng.choice(WORDS[key])}


def _with_more(rng: random.Random, item: dict[str, Any]) -> Any:
    return {**item, rng.choice(("", "x", "success", "errno", "data", "id", "0", "total", "state")): value(rng)}


def _with_value(rng: random.Random, item: dict[str, Any]) -> Any:
    return {**item, rng.choice(list(item)): value(rng)}


def _borrowed(rng: random.Random, item: dict[str, Any]) -> Any:
    changed = dict(item)
    for key in rng.sample(list(item), min(len(item), rng.choice((1, 1, 2, 4)))):
        changed[key] = rng.choice(WORDS.get(key, [""]))
    return changed


def _wrapped(rng: random.Random, item: Any) -> Any:
    return rng.choice(([item], {"data": item}, {"0": item}, {"success": "true", "x": item}, [item, None]))


def _nested(rng: random.Random, item: Any) -> Any:
    for _ in range(rng.choice((3, 30, 300))):
        item = [item] if rng.random() < 0.5 else {"a": item}
    return item


def _doubled(rng: random.Random, item: list[Any]) -> Any:
    return item + item[: rng.randrange(1, 4)] if item else [value(rng)]


def _many(rng: random.Random, item: list[Any]) -> Any:
    return (item * 30)[: rng.randrange(1, 40)] if item else [value(rng)] * 30


def _fewer(rng: random.Random, item: list[Any]) -> Any:
    return item[: rng.randrange(len(item))] if item else []


def _shuffled(rng: random.Random, item: list[Any]) -> Any:
    return rng.sample(item, len(item))


def _with_item(rng: random.Random, item: list[Any]) -> Any:
    return [*item, value(rng)]


def _as_object(_rng: random.Random, item: list[Any]) -> Any:
    return {str(index): entry for index, entry in enumerate(item)}


def _cut(rng: random.Random, item: str) -> Any:
    return item[: rng.randrange(len(item))]


def _other_case(_rng: random.Random, item: str) -> Any:
    return item.swapcase()


def _garnished(rng: random.Random, item: str) -> Any:
    place = rng.randrange(len(item) + 1)
    return item[:place] + rng.choice(MARKS) + item[place:]


def _other_digit(rng: random.Random, item: str) -> Any:
    return "".join(rng.choice("0123456789") if char.isdigit() and rng.random() < 0.3 else char for char in item)


def _as_number(_rng: random.Random, item: str) -> Any:
    return int(item) if item.isascii() and item.isdigit() and len(item) < 30 else [item]


def _longer(_rng: random.Random, item: str) -> Any:
    return (item * (LONG // len(item)))[:LONG]


def _negated(_rng: random.Random, item: float) -> Any:
    return -item


def _as_text(_rng: random.Random, item: float) -> Any:
    return str(item)


def _near(rng: random.Random, item: float) -> Any:
    return item + rng.choice((-1, 1, 0.5, 1000, 1e12))


OBJECT = (
    _without,
    _renamed,
    _swapped,
    _borrowed,
    _borrowed,
    _borrowed,
    _with_more,
    _with_value,
    _with_value,
    _wrapped,
    _nested,
)
LIST = (_doubled, _many, _fewer, _shuffled, _with_item, _as_object, _wrapped)
TEXT = (_cut, _other_case, _garnished, _other_digit, _other_digit, _as_number, _longer)
NUMBER = (_negated, _as_text, _near)


def written(item: Any) -> bytes:
    """Write JSON as carelessly as some do: with NaN, with halves of characters."""
    return json.dumps(item).encode(errors="surrogatepass")


def spoilt_bytes(rng: random.Random, body: bytes) -> bytes:
    """Spoil a body without understanding it."""
    chosen = rng.random()
    if chosen < 0.3:
        return body[: rng.randrange(len(body) + 1)]
    if chosen < 0.7 and body:
        flipped = bytearray(body)
        for _ in range(rng.choice((1, 1, 2, 8))):
            flipped[rng.randrange(len(flipped))] ^= 1 << rng.randrange(8)
        return bytes(flipped)
    if chosen < 0.8:
        place = rng.randrange(len(body) + 1)
        return body[:place] + rng.choice((b"\x00", b"\xff", b'"', b"[", b"}", b"<br />\n", b"\\u")) + body[place:]
    if chosen < 0.9:
        return body.decode(errors="replace").encode(rng.choice(("utf-16", "utf-8-sig", "utf-32")), "replace")
    return rng.choice(DOCUMENTS)


class Seed:
    """A valid body, read once."""

    def __init__(self, body: bytes) -> None:
        """Keep it, also as JSON where it is that."""
        self.body = body
        self.tree: Any = None
        if body.lstrip()[:1] in {b"{", b"["}:
            try:
                self.tree = json.loads(body)
            except ValueError:
                self.tree = None

    def spoilt(self, rng: random.Random, others: Sequence[Seed]) -> tuple[Any, bytes]:
        """Give a spoilt body, and what it holds where that is known."""
        chosen = rng.random()
        if self.tree is None or chosen < 0.08:
            return None, spoilt_bytes(rng, self.body)
        if chosen < 0.10 and others:
            stranger = rng.choice(others)
            return stranger.tree, stranger.body
        item = tree(rng, self.tree)
        while rng.random() < 0.25:
            item = tree(rng, item)
        return item, written(item)


def spoilt_reply(rng: random.Random, seed: Seed, reply: Reply, others: Sequence[Seed]) -> Reply:
    """Spoil an answer."""
    if rng.random() < 0.05:
        status, headers = rng.choice(STATUSES), {**reply.headers, **rng.choice(HEADERS)}
        return replace(reply, status=status, headers=headers)
    return replace(reply, body=seed.spoilt(rng, others)[1])


def spoilt_push(
    rng: random.Random, seed: Seed, push: PushRequest, others: Sequence[Seed], sender: Mapping[str, str]
) -> PushRequest:
    """Spoil a webhook request; with a `sender` it says to be from there."""
    chosen = rng.random()
    content_type = rng.choice(TYPES) if chosen < 0.03 else push.content_type
    if seed.tree is not None:
        item, body = seed.spoilt(rng, others)
        if sender:
            item = item if isinstance(item, dict) else seed.tree
            body = written({key: entry for key, entry in item.items() if key not in sender} | dict(sender))
        return replace(push, body=body, content_type=content_type)
    query = list(push.query.items())
    pairs = parse_qsl(push.body.decode(), keep_blank_values=True)
    for given in (query, pairs):
        _spoil_pairs(rng, given)
    query += sender.items()
    pairs += sender.items() if pairs else ()
    body = urlencode(pairs, errors="replace").encode()
    if not sender and chosen > 0.95:
        body = spoilt_bytes(rng, body)
    return replace(push, query=dict(query), body=body, content_type=content_type)


def _spoil_pairs(rng: random.Random, pairs: list[tuple[str, str]]) -> None:
    if not pairs:
        return
    place = rng.randrange(len(pairs))
    name, old = pairs[place]
    match rng.randrange(6):
        case 0:
            del pairs[place]
        case 1:
            pairs.append((name, rng.choice(TEXTS)))
        case 2:
            pairs[place] = (rng.choice((name.upper(), f"{{{name}}}", f" {name}", "")), old)
        case 3 if old:
            pairs[place] = (name, str(rng.choice(TEXT)(rng, old)))
        case _:
            pairs[place] = (name, rng.choice(TEXTS))
