import assert from "node:assert/strict";
import test from "node:test";
import { actionsOf } from "../src/call-actions";
import { across, callerId, callsByPhone, clock, hue, initials, isIn, keys, matches, mine, myLeg, nothing, order, phonesOf, placing, queueName, ringing, shownNumbers, take, waits, type Account, type Call, type Message } from "../src/model";
import type { Hass } from "../src/hass";
import { ENGLISH, Times, english, reason, word } from "../src/words";

const call = (id: string, more: Partial<Call> = {}): Call => ({ id, state: "ringing", direction: "incoming", from: {}, to: {}, legs: [], ...more });
const account = (id: string, more: Partial<Account> = {}): Account => ({
  id, title: id, provider: "", device: "", can: [], known: true, pushing: true, missed: 0, voicemails: null,
  extensions: {}, agents: {}, queues: {}, calls: {}, ...more,
});
const snapshot = (...accounts: Account[]): Message => ({ type: "snapshot", version: 1, accounts });

test("a delta for an unknown account changes nothing", () => {
  assert.deepEqual(take(nothing(), { type: "delta", id: "x", calls: {} }), []);
});

test("calls come and go, and only their slice changes", () => {
  const known = nothing();
  take(known, snapshot(account("a")));
  assert.deepEqual(take(known, { type: "delta", id: "a", missed: 0, voicemails: null, calls: { 1: call("1") } }), ["calls"]);
  assert.deepEqual(take(known, { type: "delta", id: "a", missed: 1, voicemails: null, calls: { 1: null } }), ["accounts", "calls"]);
  assert.deepEqual(known.accounts.get("a")!.calls, {});
});

test("a row takes the place of the one before", () => {
  const known = nothing();
  take(known, snapshot(account("a", { extensions: { 101: { number: "101", name: "Anna", state: "ringing", dnd: true } } })));
  const before = known.accounts.get("a")!.extensions;
  take(known, { type: "delta", id: "a", extensions: { 101: { number: "101", state: "idle" } } });
  assert.deepEqual(known.accounts.get("a")!.extensions, { 101: { number: "101", state: "idle" } });
  assert.notEqual(known.accounts.get("a")!.extensions, before);
});

test("a snapshot of another version shows nothing, and neither does what follows it", () => {
  const known = nothing();
  take(known, { type: "snapshot", version: 2, accounts: [account("a")] });
  assert.equal(known.outdated, true);
  take(known, { type: "account", account: account("a") });
  assert.equal(known.accounts.size, 0);
});

test("a message of a kind from the future changes nothing", () => {
  assert.deepEqual(take(nothing(), { type: "weather" } as unknown as Message), []);
});

test("an account that is gone is gone", () => {
  const known = nothing();
  take(known, snapshot(account("a"), account("b")));
  take(known, { type: "gone", id: "a" });
  assert.deepEqual([...known.accounts.keys()], ["b"]);
});

test("of the calls at a phone the most urgent one is shown, and none that the phone has left", () => {
  const up = [
    call("held", { state: "on_hold", legs: [{ extension: "101", state: "on_hold" }, { extension: "102", state: "on_hold" }] }),
    call("rings", { legs: [{ extension: "101", state: "ringing" }] }),
    call("left", { state: "talking", legs: [{ extension: "103", state: "talking" }, { extension: "102", state: "ended" as never }, { extension: "104", state: "ended" as never }] }),
  ];
  const found = callsByPhone(account("a", { calls: Object.fromEntries(up.map((one) => [one.id, one])) }));
  assert.deepEqual([...found].map(([number, { id }]) => [number, id]).sort(), [["101", "rings"], ["102", "held"], ["103", "left"]]);
});

test("my phone is the one that was chosen, while it exists", () => {
  const known = nothing();
  take(known, snapshot(account("a", { extensions: { 101: { number: "101", state: "idle" } } })));
  assert.equal(mine(known), undefined);
  take(known, { type: "me", me: { extension: "a/101", popup: null, sound: false, seen: null } });
  assert.equal(mine(known)!.extension.number, "101");
  const group = call("1", { legs: [{ extension: "101", state: "ringing" }, { extension: "102", state: "ringing" }] });
  assert.equal(myLeg(mine(known), known.accounts.get("a")!, group)!.state, "ringing");
  assert.equal(myLeg(mine(known), account("b"), group), undefined);
  take(known, { type: "me", me: { extension: "a/999", popup: null, sound: false, seen: null } });
  assert.equal(mine(known), undefined);
});

test("each phone is named once, with the most urgent thing it does", () => {
  const legs = [{ extension: "101", state: "talking" as const }, { extension: "101", state: "ringing" as const }, { extension: "102", state: "on_hold" as const }];
  assert.deepEqual(phonesOf(call("1", { legs })), [legs[1], legs[2]]);
});

test("a phone that rings no more is not named", () => {
  const legs = [{ extension: "101", state: "ended" as never }, { extension: "102", state: "talking" as const }];
  assert.deepEqual(phonesOf(call("1", { legs })).map((leg) => leg.extension), ["102"]);
});

test("the queue of a call is named by its id, its name or its number", () => {
  const queue = { id: "01K", name: "Support", number: "600" };
  const account = { queues: { "01K": queue } } as unknown as Account;
  for (const named of ["01K", "Support", "600"]) {
    assert.equal(isIn(call("1", { queue: named }), queue), true);
    assert.equal(queueName(account, call("1", { queue: named })), "Support");
  }
  assert.equal(isIn(call("1", { queue: "Sales" }), queue), false);
  assert.equal(isIn(call("1"), { id: "01K" }), false);
  assert.equal(queueName(account, call("1", { queue: "Sales" })), "Sales");
  assert.equal(queueName(account, call("1")), "");
});

test("who is in a queue waits until somebody talks", () => {
  assert.equal(waits(call("1", { queue: "q", legs: [{ extension: "101", state: "ringing" }] })), true);
  assert.equal(waits(call("1", { queue: "q", state: "talking", legs: [{ extension: "101", state: "talking" }] })), false);
  assert.equal(waits(call("1")), false);
});

test("reject is for my phone alone, and hanging up for all is further away", () => {
  const phone = { number: "101", state: "ringing" as const, device: "d101" };
  const house = account("a", { can: ["answer", "hangup"], extensions: { 101: phone } });
  const group = call("1", { legs: [{ extension: "101", state: "ringing" }, { extension: "102", state: "ringing" }] });
  const { first, rest } = actionsOf(house, group, { account: house, extension: phone });
  assert.deepEqual(first.map((one) => [one.word, one.device, one.data]), [
    ["answer", "d101", { expected_state: "ringing" }],
    ["reject", "d101", { expected_state: "ringing" }],
  ]);
  assert.deepEqual(rest.map((one) => [one.word, one.device, one.data]), [["end_for_all", undefined, { call_id: "1", expected_state: "ringing" }]]);
});

test("buttons are only what the phone system and the state of the call allow", () => {
  const words = (can: string[], state: Call["state"]): string[] => {
    const { first, rest } = actionsOf(account("a", { can }), call("1", { state }), undefined);
    return [...first, ...rest].map((one) => `${one.word}:${one.action}`);
  };
  assert.deepEqual(words([], "ringing"), []);
  assert.deepEqual(words(["hangup"], "ringing"), ["hang_up:hangup"]);
  assert.deepEqual(words(["hold", "unhold", "transfer", "send_dtmf", "hangup"], "talking"), ["hold:hold", "transfer:transfer", "hang_up:hangup", "keypad:send_dtmf"]);
  assert.deepEqual(words(["hold", "unhold"], "on_hold"), ["resume:unhold"]);
  assert.deepEqual(words(["toggle_hold"], "on_hold"), ["resume:toggle_hold"]);
  assert.deepEqual(words(["answer", "hold"], "dialing"), []);
});

test("which number others see", () => {
  const phone = (number: string, ...shows: string[]) => ({ number, state: "idle" as const, shows: shows.map((one) => ({ number: one })) });
  const house = account("a", { can: ["originate", "caller_id"], extensions: { 101: phone("101", "+491"), 102: phone("102", "+492", "+491") } });
  const me = { account: house, extension: house.extensions[102]! };
  assert.deepEqual(shownNumbers(me).map((one) => one.number), ["+492", "+491"]);
  const known = nothing();
  for (const [chosen, shown] of [["a/+491", "+491"], ["a/+493", ""], ["b/+491", ""], [null, ""]] as const) {
    known.me = { ...known.me, caller_id: chosen };
    assert.equal(callerId(known, me), shown);
  }
  known.me = { ...known.me, caller_id: "a/+491" };
  assert.deepEqual(order(known, me, "tel:+4930"), { extension: "102", number: "tel:+4930", caller_id_number: "tel:+491" });
  assert.deepEqual(order(known, me, "101"), { extension: "102", number: "101" });
  assert.equal(callerId(known, { ...me, account: { ...house, can: ["originate"] } }), "");
});

test("how calls are placed", () => {
  assert.deepEqual([undefined, account("a"), account("a", { can: ["originate"] }), account("a", { can: ["originate", "click_to_call"] })].map(placing), ["", "", "originate", "click_to_call"]);
});

test("a clock", () => {
  assert.deepEqual([0, 65, 3661, -3].map(clock), ["0:00", "1:05", "1:01:01", "0:00"]);
});

test("people are found by name, number and the keys of a keypad", () => {
  assert.equal(matches("elo", "Élodie Dubois", "103"), true);
  assert.equal(matches("dub", "Élodie Dubois", "103"), true);
  assert.equal(matches("+49 30", "", "+4930123"), true);
  assert.equal(keys("Élodie"), "356343");
  assert.equal(matches("3563", "Élodie Dubois", "103"), true);
  assert.equal(matches("382", "Élodie Dubois", "103"), true);
  assert.equal(matches("99", "Élodie Dubois", "103"), false);
  assert.equal(matches(" ", "", ""), true);
});

test("a number is found however it is spelled", () => {
  for (const text of ["030 123", "030/123-45", "(030) 12345", "+49 (0)30 12345", "+49 30 123", "0049 30 123", "30 123", "٠٣٠ ١٢٣", "tel:+49-30-123", "12345"])
    assert.equal(matches(text, "", "+493012345"), true, text);
  for (const text of ["030 124", "+48 30", "00", "-", "*", "%", "'", "()", "🙂", "ا"]) assert.equal(matches(text, "", "+493012345"), false, text);
  assert.equal(matches("06 1234", "", "+39061234"), true);
  assert.equal(matches("0", "", "+4930"), true);
  assert.equal(matches("*21", "", "*21#"), true);
});

test("times go by the clock of the server, however that of the browser is set", () => {
  const known = nothing();
  for (const behind of [0, 300_000, -3_600_000]) {
    const here = Date.parse("2026-01-01T12:00:00Z");
    take(known, { type: "snapshot", version: 1, accounts: [], now: new Date(here + behind).toISOString() }, here);
    assert.equal(known.behind, behind);
  }
  take(known, snapshot()); // one that does not say
  assert.equal(known.behind, 0);
});

test("calls that ring for me, of accounts that may call two of them the same", () => {
  const known = nothing();
  const ring = (account: Account, extension: string) => ({ ...account, extensions: { [extension]: { number: extension, state: "ringing" as const } },
    calls: { 1: call("1", { legs: [{ extension, state: "ringing" }] }), 2: call("2", { direction: "outgoing" }), 3: call("3", { state: "talking" }) } });
  take(known, snapshot(ring(account("a"), "101"), ring(account("b"), "102")));
  const ids = (dismissed: string[] = []) => ringing(known, new Set(dismissed)).map((one) => one.id);
  assert.deepEqual(ids(), []);
  known.me = { ...known.me, popup: "all" };
  assert.deepEqual(ids(), ["a/1", "b/1"]);
  assert.deepEqual(ids(["a/1"]), ["b/1"]);
  known.me = { ...known.me, popup: "mine", extension: "b/102" };
  assert.deepEqual(ids(), ["b/1"]);
  for (const gone of ["b/103", "c/102", "b", "b/constructor", null]) {
    known.me = { ...known.me, extension: gone };
    assert.deepEqual(ids(), []);
    assert.equal(mine(known), undefined);
  }
});

test("whom a phone talks to", () => {
  const ends = { from: { number: "101" }, to: { number: "102" } };
  const other = (direction: Call["direction"], phone: string): string | undefined => across(call("1", { direction, ...ends }), phone).number;
  assert.equal(other("internal", "101"), "102");
  assert.equal(other("internal", "102"), "101");
  assert.equal(other("outgoing", "101"), "102");
  assert.equal(other("incoming", "101"), "101"); // who calls from outside may show any number
});

test("initials", () => {
  assert.deepEqual(["Anna Keller", "Élodie", "Dr. Jan de Vries", "+4930", "", "山田 太郎"].map(initials), ["AK", "É", "DV", "", "", "山太"]);
});

test("a name has one colour", () => {
  assert.equal(hue("Anna"), hue("Anna"));
  assert.ok(hue("Anna") >= 0 && hue("Anna") < 360);
});

test("days in words", () => {
  const times = new Times({ locale: { language: "en", time_zone: "server" }, config: { time_zone: "Europe/Berlin" } } as never);
  const now = new Date("2026-03-10T00:30:00+01:00");
  assert.equal(times.dayWord(new Date("2026-03-10T00:10:00+01:00"), now), "Today");
  assert.equal(times.dayWord(new Date("2026-03-09T23:59:00+01:00"), now), "Yesterday");
  assert.equal(times.dayWord(new Date("2026-03-08T12:00:00+01:00"), now), "Sunday, March 8");
  assert.match(times.dayWord(new Date("2025-03-08T12:00:00+01:00"), now), /2025/);
});

test("what stands in until the words are there", () => {
  assert.deepEqual(Object.values(ENGLISH).filter((text) => !text.trim()), []);
  assert.equal(english("all_is_quiet"), "All is quiet");
  assert.equal(english("caller_id"), "Caller ID");
  assert.equal(word(undefined, "away", { name: "The office" }), "The office cannot be reached");
});

for (const [refusal, said] of [
  [3, "Connection lost"],
  [{ type: "result", success: false, error: { code: 3, message: "Connection lost" } }, "Connection lost"],
  [{ type: "result", success: false, error: { code: "unknown_error", message: "No" } }, "No"],
  [{ code: "home_assistant_error", message: "No" }, "No"],
  [{ account: "a", error: "No" }, "No"],
  [new Error("No"), "No"],
] as const) {
  test(`what is refused as ${JSON.stringify(refusal)} is said in words`, () => assert.equal(reason(undefined, refusal), said));
}

test("a word is asked once of each function that translates", () => {
  const asked: string[] = [];
  const speaking = (language: string): Hass =>
    ({ localize: (path: string) => { asked.push(path); return `${language} ${path.split(".").pop()}`; } }) as unknown as Hass;
  const [english, german] = [speaking("en"), speaking("de")];
  for (const hass of [english, german, english]) for (let i = 0; i < 3; i++) word(hass, "answer");
  assert.equal(word(english, "answer"), "en answer");
  assert.equal(word(german, "answer"), "de answer");
  assert.equal(asked.length, 2);
  assert.equal(word({ localize: () => "" } as unknown as Hass, "hang_up"), "Hang up");
  const named = { localize: (_: string, values: { name: string }) => `${values.name} is away` } as unknown as Hass;
  assert.deepEqual(["A", "B"].map((name) => word(named, "away", { name })), ["A is away", "B is away"]);
});
