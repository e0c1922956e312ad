import assert from "node:assert/strict";
import test from "node:test";
import type { Connection } from "../src/hass";
import type { Account, Message } from "../src/model";
import { accountName, store } from "../src/store";

/** Let there be accounts with these titles; return the names under which they are shown. */
function shown(...titles: string[]): string[] {
  store.known.accounts.clear();
  for (const [index, title] of titles.entries()) store.known.accounts.set(`${index}`, { id: `${index}`, title } as Account);
  return store.accounts.map(accountName);
}

test("an account is named without its address where that is enough", () => {
  assert.deepEqual(shown("VoIPSUN PBX (127.0.0.1)", "VoIPstudio (user1001@example.com)", "Office"), ["VoIPSUN PBX", "VoIPstudio", "Office"]);
});

test("accounts that would have one name keep what tells them apart", () => {
  assert.deepEqual(shown("Asterisk (10.0.0.1)", "Asterisk (10.0.0.2)", "Asterisk"), ["Asterisk (10.0.0.1)", "Asterisk (10.0.0.2)", "Asterisk"]);
});

test("a title of nothing but brackets, or with brackets within, stays", () => {
  assert.deepEqual(shown("(home)", "House (old) 2", "A (b) (c)"), ["(home)", "House (old) 2", "A (b)"]);
});

test("after a lost connection is subscribed twice, as others may end the first by an id of before", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const tellers: ((message: Message) => void)[] = [];
  const ended: number[] = [];
  let ready = (): void => assert.fail("nobody listens");
  const connection = {
    subscribeMessage: async (tell: (message: Message) => void) => {
      const number = tellers.push(tell);
      return async () => { ended.push(number); throw new Error("It is ended already"); };
    },
    addEventListener: (_type: string, listener: () => void) => { ready = listener; },
  } as unknown as Connection;
  const turns = async (): Promise<void> => { for (let turn = 0; turn < 10; turn++) await Promise.resolve(); };
  store.connect(connection);
  await turns();
  ready();
  await turns();
  context.mock.timers.tick(5000);
  await turns();
  assert.equal(tellers.length, 3);
  assert.deepEqual(ended, [2]); // the first was one of the lost connection
  const account = { id: "a", title: "A" } as Account;
  tellers[1]!({ type: "snapshot", version: 1, accounts: [] });
  tellers[2]!({ type: "snapshot", version: 1, accounts: [account] });
  tellers[1]!({ type: "snapshot", version: 1, accounts: [] });
  assert.deepEqual(store.accounts.map((one) => one.id), ["a"]);
});
