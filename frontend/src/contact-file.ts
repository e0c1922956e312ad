// What stands in a file of contacts, as text: a file does not say how its letters are written.

/** How Windows writes letters where a program does not write UTF-8, by the language of the user. */
const WINDOWS: Record<string, string> = { ar: "windows-1256", cs: "windows-1250", pl: "windows-1250", uk: "windows-1251" };
const PICTURES = /^(?:[\w-]+\.)?(?:PHOTO|LOGO|SOUND|KEY)[;:][^\r\n]*(?:\r?\n[ \t][^\r\n]*)*(?:\r?\n|$)/gim;
/** How many bytes of text fit into a message to Home Assistant, with what is around it. */
export const MOST = 4_000_000;

/** Return the text of a file's bytes: UTF-16 where it says so, else UTF-8, else as Windows writes it. */
export function decoded(bytes: Uint8Array, language: string): string {
  const start = `${bytes[0]} ${bytes[1]}`;
  if (start === "255 254") return new TextDecoder("utf-16le").decode(bytes);
  if (start === "254 255") return new TextDecoder("utf-16be").decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder(WINDOWS[language.split("-")[0]!] ?? "windows-1252").decode(bytes);
  }
}

/** Return vCards without the pictures, which may be most of a file and are not read; another file as it is. */
export const withoutPictures = (text: string): string => (/^\s*BEGIN:VCARD/i.test(text) ? text.replace(PICTURES, "") : text);

/** Return whether a text fits into one message, in which it is JSON. */
export const fits = (text: string): boolean => new TextEncoder().encode(JSON.stringify(text)).length <= MOST;

/** Return the groups in a text with commas between them; a group of the book may have commas in it. */
export function groupsIn(text: string, known: string[]): string[] {
  const found: string[] = [];
  let rest = `,${text},`;
  for (const group of known.filter((one) => one.includes(",")).sort((a, b) => b.length - a.length)) {
    const escaped = group.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    rest = rest.replace(new RegExp(`,\\s*${escaped}\\s*(?=,)`), () => (found.push(group), ","));
  }
  return [...found, ...rest.split(",").map((one) => one.trim()).filter(Boolean)];
}
