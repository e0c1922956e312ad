import { house, turns, type Question } from "./page";
import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import { Finder } from "../src/finder";
import { ListCard } from "../src/list-card";
import { ContactsCard } from "../src/contacts-card";
import { store } from "../src/store";
import type { Account } from "../src/model";

customElements.define("pbx-finder", Finder);
customElements.define("pbx-list-card", ListCard);
customElements.define("pbx-contacts-card", ContactsCard);

/** The parts of an element that a test looks at though nobody else may. */
type Inside = Record<string, any>;

const contact = (name: string) => ({ contacts: [{ name, number: "+4930123" }], failed: [] });
const call = (id: string) => ({ account: "a", record_id: id, outcome: "answered", started_at: "2026-01-01T10:00:00+00:00" });

function finder(context: TestContext): [Finder & Inside, Question[]] {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const questions: Question[] = [];
  const field = new Finder() as Finder & Inside;
  field.hass = house(questions);
  return [field, questions];
}

for (const [what, later] of [["another text", "9"], ["a letter", "x"], ["nothing", ""], ["a number that was picked", "+49301"]] as const) {
  test(`an answer for a text that was left for ${what} is not offered`, async (context) => {
    const [field, questions] = finder(context);
    field.press("Anna");
    context.mock.timers.tick(300);
    assert.equal(questions.length, 1);
    if (later.startsWith("+")) field.value = later;
    else field.typed(later);
    await questions[0]!.answer(contact("Anna"));
    assert.deepEqual(field.contacts, []);
  });
}

test("on Enter a name is not dialled: whoever is found for it is taken, also a moment later", async (context) => {
  const [field, questions] = finder(context);
  const entered: string[] = [];
  field.addEventListener("pbx-enter", () => entered.push(field.value));
  const enter = () => field.key({ key: "Enter", preventDefault: () => undefined, stopPropagation: () => undefined });
  field.focus = () => undefined;
  field.typed("Chiara");
  enter();
  assert.deepEqual([entered, field.value], [[], "Chiara"]);
  context.mock.timers.tick(300);
  enter();
  assert.deepEqual([entered, field.value], [[], "Chiara"]);
  await questions[0]!.answer(contact("Chiara"));
  assert.deepEqual([entered, field.value], [[], "+4930123"]);
  enter();
  assert.deepEqual(entered, ["+4930123"]);
  field.typed("nobody");
  enter();
  context.mock.timers.tick(300);
  await questions[1]!.answer({ contacts: [], failed: [] });
  assert.deepEqual(entered.splice(1), ["nobody"]); // it is refused, and why is shown
  field.typed("left");
  enter();
  field.typed("leave");
  context.mock.timers.tick(300);
  await questions[2]!.answer(contact("Leave"));
  assert.deepEqual([entered, field.value], [["+4930123"], "leave"]);
  for (const text of ["tel:+49 (0)30/123-45", "*21#", "030 123", "٠٣٠"]) {
    field.typed(text);
    enter();
    assert.equal(entered.at(-1), text);
  }
});

function list(): [ListCard & Inside, Question[]] {
  const questions: Question[] = [];
  const card = new ListCard() as ListCard & Inside;
  card.setConfig({ type: "" });
  card.hass = house(questions);
  return [card, questions];
}

test("a refusal of what nobody wants any more is not shown, and ends no other loading", async () => {
  const [card, questions] = list();
  void card.load();
  card.reset();
  await questions[0]!.refuse("too late");
  assert.deepEqual([card.problem, card.loading], ["", true]);
  await questions[1]!.answer({ records: [call("1")], cursor: null, failed: [] });
  assert.deepEqual([card.loading, card.entries.length], [false, 1]);
});

test("a refusal is shown until a list was loaded again", async () => {
  const [card, questions] = list();
  void card.load();
  await questions[0]!.refuse("away");
  assert.equal(card.problem, "away");
  card.reset();
  assert.equal(card.problem, "");
});

test("where a further page fails one can go on from there, but only who asks for it", async () => {
  const [card, questions] = list();
  void card.load();
  await questions[0]!.answer({ records: [call("1")], cursor: "next", failed: [] });
  assert.equal(card.stuck, false);
  void card.load(true);
  await questions[1]!.answer({ records: [], cursor: null, failed: [{ account: "a", error: "asked too much" }] });
  assert.deepEqual([card.cursor, card.stuck], ["next", true]);
  void card.load(true);
  await questions[2]!.refuse("connection lost");
  assert.deepEqual([card.cursor, card.stuck], ["next", true]);
  void card.load(true);
  assert.equal(questions[3]!.asked.cursor, "next");
  await questions[3]!.answer({ records: [call("2")], cursor: null, failed: [] });
  assert.deepEqual([card.cursor, card.stuck, card.problem, card.entries.length], [null, false, "", 2]);
});

test("who presses twice places one call", async () => {
  const phone = { number: "101", state: "idle" as const };
  store.known.accounts.set("a", { id: "a", can: ["originate"], extensions: { 101: phone } } as unknown as Account);
  store.known.me = { ...store.known.me, extension: "a/101" };
  const questions: Question[] = [];
  for (const card of [new ListCard(), new ContactsCard()] as Inside[]) {
    questions.length = 0;
    card.hass = house(questions);
    void card.place("102");
    void card.place("102");
    await turns();
    assert.equal(questions.length, 1);
    await questions[0]!.answer(undefined);
    void card.place("102");
    assert.equal(questions.length, 2);
  }
});

/** Return a list that stands in the page and has shown calls. */
async function shownList(...ids: string[]): Promise<[ListCard & Inside, Question[]]> {
  const [card, questions] = list();
  Object.defineProperty(card, "isConnected", { value: true });
  void card.load();
  await questions.shift()!.answer({ records: ids.map(call), cursor: "next", failed: [] });
  return [card, questions];
}
const shown = (card: Inside): string[] => card.entries.map((one: { record_id: string }) => one.record_id);

test("what is new is put on top, unless another list was begun meanwhile", async () => {
  const [card, questions] = await shownList("2", "1");
  void card.refresh();
  await questions[0]!.answer({ records: ["3", "2"].map(call), cursor: "other", failed: [] });
  assert.deepEqual([shown(card), card.cursor], [["3", "2", "1"], "next"]);
  void card.refresh();
  card.filter = "missed";
  card.reset();
  await questions[2]!.answer({ records: [call("2")], cursor: null, failed: [] });
  await questions[1]!.answer({ records: ["4", "3", "2"].map(call), cursor: null, failed: [] });
  assert.deepEqual(shown(card), ["2"]);
});

test("no calls are left out where more came than stand on a page", async () => {
  const [card, questions] = await shownList("2", "1");
  void card.refresh();
  await questions[0]!.answer({ records: ["9", "8"].map(call), cursor: "new", failed: [] });
  assert.deepEqual([shown(card), card.cursor], [["9", "8"], "new"]);
});

test("whoever has scrolled so far that the newest calls were taken away gets no later ones", async () => {
  const [card, questions] = await shownList(...Array.from({ length: 400 }, (_, index) => `a${index}`));
  void card.load(true);
  await questions[0]!.answer({ records: [call("b")], cursor: null, failed: [] });
  assert.deepEqual([shown(card)[0], shown(card).at(-1)], ["a1", "b"]);
  void card.refresh();
  assert.equal(questions.length, 1);
  card.reset();
  assert.equal(questions.length, 2);
});

test("a list that could not be read is read when there is reason to look", async () => {
  const [card, questions] = list();
  Object.defineProperty(card, "isConnected", { value: true });
  void card.load();
  await questions[0]!.refuse("away");
  void card.refresh();
  await questions[1]!.answer({ records: [call("1")], cursor: null, failed: [] });
  assert.deepEqual([shown(card), card.problem], [["1"], ""]);
});

test("who presses Block twice blocks once", async () => {
  const [card, questions] = list();
  void card.block("", "+4930");
  void card.block("", "+4930");
  assert.equal(questions.length, 1);
});

for (const [limit, short, asked] of [[undefined, false, 30], [undefined, true, 8], ["25", false, 25], [500, false, 100], [-1, false, 1], ["all", false, 30]] as const) {
  test(`a list for ${limit} calls asks for ${asked}`, () => {
    const [card, questions] = list();
    card.setConfig({ type: "", limit, short });
    void card.load();
    assert.equal(questions[0]!.asked.limit, asked);
  });
}
