import assert from "node:assert/strict";
import test from "node:test";
import type { Account } from "../src/model";
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
