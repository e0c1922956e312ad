import assert from "node:assert/strict";
import { test } from "node:test";
import { MOST, decoded, fits, groupsIn, withoutPictures } from "../src/contact-file";

const bytes = (text: string, encoding: BufferEncoding): Uint8Array => new Uint8Array(Buffer.from(text, encoding));

test("a file is read in the encoding that it is in", () => {
  const german = "Vorname;Téléphone;Straße";
  assert.equal(decoded(bytes(german, "utf8"), "de"), german);
  assert.equal(decoded(bytes(`\ufeff${german}`, "utf8"), "de"), german);
  assert.equal(decoded(bytes(german, "latin1"), "de"), german);
  assert.equal(decoded(bytes(german, "latin1"), "pt-BR"), german);
  assert.equal(decoded(bytes(`\ufeff${german}`, "utf16le"), "de"), german);
  assert.equal(decoded(bytes(`\ufeff${german}`, "utf16le").map((_, at, all) => all[at ^ 1]!), "de"), german);
  assert.equal(decoded(new Uint8Array([0xcc, 0xee, 0xe1, 0xb3, 0xeb, 0xfc, 0xed, 0xe8, 0xe9]), "uk"), "Мобільний");
  assert.equal(decoded(new Uint8Array([0x6b, 0x6f, 0x6d, 0xf3, 0x72, 0x6b, 0x61, 0xb3]), "pl"), "komórkał");
  assert.equal(decoded(new Uint8Array([0xe5, 0xc7, 0xca, 0xdd]), "ar"), "هاتف");
  assert.equal(decoded(new Uint8Array(), "en"), "");
  assert.equal(decoded(new Uint8Array([0xff]), "en"), "ÿ");
});

test("pictures do not travel", () => {
  const lines = ["BEGIN:VCARD", "FN:Photo Shop", "item1.PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQ", " /4QAiRXhpZg", "\tAATU0A", "TEL:101", "LOGO:x", "END:VCARD", ""];
  const kept = ["BEGIN:VCARD", "FN:Photo Shop", "TEL:101", "END:VCARD", ""];
  for (const end of ["\n", "\r\n"]) assert.equal(withoutPictures(lines.join(end)), kept.join(end));
  const table = "Name,Phone\nPHOTO:x,1\n";
  assert.equal(withoutPictures(table), table);
  const large = `BEGIN:VCARD\nPHOTO:${"x".repeat(74)}\n${` ${"x".repeat(74)}\n`.repeat(200_000)}END:VCARD\n`;
  assert.equal(withoutPictures(large), "BEGIN:VCARD\nEND:VCARD\n");
});

test("what does not fit into a message is known before it is sent", () => {
  assert.ok(fits("x".repeat(MOST - 2)));
  assert.ok(!fits("x".repeat(MOST - 1)));
  assert.ok(!fits("\n".repeat(MOST / 2)));
  assert.ok(!fits("ж".repeat(MOST / 2)));
});

test("a group of the book may have a comma in it", () => {
  const known = ["vip", "Tennis, Sunday", "Tennis, Sunday, late", "a(b, c"];
  for (const [text, found] of [
    ["vip, family", ["vip", "family"]],
    ["vip, Tennis, Sunday, new", ["Tennis, Sunday", "vip", "new"]],
    ["Tennis, Sunday, late", ["Tennis, Sunday, late"]],
    ["Tennis, Sunday, Tennis, Sunday, late", ["Tennis, Sunday, late", "Tennis, Sunday"]],
    ["a(b, c", ["a(b, c"]],
    ["Old Tennis, Sunday", ["Old Tennis", "Sunday"]],
    [" ,, ", []],
  ] as const) assert.deepEqual(groupsIn(text, known), found);
});
