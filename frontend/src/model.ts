// What the integration tells over `pbx/subscribe`, and what follows from it; console/feed.py is the other side.
export type State = "idle" | "dialing" | "ringing" | "talking" | "on_hold";

export interface Party {
  number?: string;
  name?: string;
  hidden?: boolean;
  known?: boolean;
}

export interface Leg {
  extension: string;
  state: State;
}

export interface Call {
  id: string;
  state: State;
  direction?: "incoming" | "outgoing" | "internal";
  from: Party;
  to: Party;
  legs: Leg[];
  queue?: string;
  started?: string;
  answered?: string;
}

export interface Extension {
  number: string;
  name?: string;
  state: State;
  device?: string;
  registered?: boolean;
  dnd?: boolean;
  trunk?: boolean;
  /** The numbers that those whom it calls may see. */
  shows?: Shown[];
}

export interface Shown {
  number: string;
  label?: string;
}

export interface Agent {
  id: string;
  name?: string;
  number?: string;
  extension?: string;
  status?: string;
  logged_in?: boolean;
  paused?: boolean;
  queues?: Record<string, boolean>;
}

export interface Queue {
  id: string;
  name?: string;
  number?: string;
  waiting?: number;
  longest_wait?: number;
  agents_logged_in?: number;
  agents_available?: number;
  service_level?: number;
  answered?: number;
  abandoned?: number;
  members?: Record<string, boolean>;
}

export interface Account {
  id: string;
  title: string;
  provider: string;
  device: string;
  can: string[];
  known: boolean;
  pushing: boolean;
  missed: number;
  voicemails: number | null;
  extensions: Record<string, Extension>;
  agents: Record<string, Agent>;
  queues: Record<string, Queue>;
  calls: Record<string, Call>;
}

/** What the user chose; `extension` and `caller_id` are an account's id, a slash and a number. */
export interface Me {
  extension: string | null;
  /** The number that those whom the user calls see; null for the usual one. */
  caller_id: string | null;
  popup: "mine" | "all" | "off" | null;
  sound: boolean;
  seen: string | null;
}

export interface Delta extends Partial<Pick<Account, "extensions" | "agents" | "queues">> {
  type: "delta";
  id: string;
  missed?: number;
  voicemails?: number | null;
  calls?: Record<string, Call | null>;
}

export type Message =
  | { type: "snapshot"; version: number; accounts: Account[]; now?: string }
  | { type: "account"; account: Account }
  | { type: "gone"; id: string }
  | { type: "me"; me: Me }
  | Delta;

/** What a card may depend on. */
export type Slice = "accounts" | "calls" | "extensions" | "agents" | "queues" | "me";

export const VERSION = 1;
export const NOBODY: Me = { extension: null, caller_id: null, popup: null, sound: false, seen: null };
const ALL: readonly Slice[] = ["accounts", "calls", "extensions", "agents", "queues"];

export interface Known {
  accounts: Map<string, Account>;
  me: Me;
  /** Whether the integration speaks another version than this page. */
  outdated: boolean;
  /** How often all of it was told: at first, and whenever the connection is there again. */
  snapshots: number;
  /** By how many milliseconds the clock of this browser is behind that of the server. */
  behind: number;
}

export const nothing = (): Known => ({ accounts: new Map(), me: NOBODY, outdated: false, snapshots: 0, behind: 0 });

/** Take a message into what is known, and return what it changed; a message of an unknown kind changes nothing. */
export function take(known: Known, message: Message, here = Date.now()): readonly Slice[] {
  switch (message.type) {
    case "snapshot":
      known.outdated = message.version !== VERSION;
      known.snapshots++;
      known.behind = (Date.parse(message.now ?? "") || here) - here;
      known.accounts.clear();
      if (!known.outdated) for (const account of message.accounts) known.accounts.set(account.id, account);
      return ALL;
    case "account":
      if (known.outdated) return [];
      known.accounts.set(message.account.id, message.account);
      return ALL;
    case "gone":
      return known.accounts.delete(message.id) ? ALL : [];
    case "me":
      known.me = { ...NOBODY, ...message.me };
      return ["me"];
    case "delta":
      return takeDelta(known.accounts.get(message.id), message);
    default:
      return [];
  }
}

function takeDelta(account: Account | undefined, delta: Delta): readonly Slice[] {
  if (!account) return [];
  const changed: Slice[] = [];
  if (delta.missed !== undefined && delta.missed !== account.missed) {
    account.missed = delta.missed;
    changed.push("accounts");
  }
  if (delta.voicemails !== undefined && delta.voicemails !== account.voicemails) {
    account.voicemails = delta.voicemails;
    changed.push("accounts");
  }
  if (delta.calls) {
    account.calls = { ...account.calls };
    for (const [id, call] of Object.entries(delta.calls)) {
      if (call) account.calls[id] = call;
      else delete account.calls[id];
    }
    changed.push("calls");
  }
  for (const kind of ["extensions", "agents", "queues"] as const) {
    const rows = delta[kind];
    if (rows) {
      account[kind] = { ...account[kind], ...rows } as never;
      changed.push(kind);
    }
  }
  return changed;
}

// -- calls ---------------------------------------------------------------------------------------------

const URGENCY: readonly State[] = ["ringing", "talking", "on_hold", "dialing"];
export const urgency = (call: Call): number => URGENCY.indexOf(call.state);

/** Return the end of a call that is not ours; of an internal one, whoever calls. */
export const outside = (call: Call): Party => (call.direction === "outgoing" ? call.to : call.from);

/** Return whom one of our phones talks to in a call. */
export const across = (call: Call, phone: string): Party =>
  call.direction === "internal" && call.from.number === phone ? call.to : outside(call);

/** Return when a call began or, once it is talked, when it was answered; milliseconds, 0 where that is unknown. */
export const since = (call: Call): number => Date.parse(call.answered ?? call.started ?? "") || 0;

export const label = (party: Party, hidden: string): string => party.name || party.number || hidden;

/** Return the phones of ours that a call is at, each once, the most urgent of its legs first. */
export function phonesOf(call: Call): Leg[] {
  const legs = new Map<string, Leg>();
  for (const leg of call.legs) {
    if (!URGENCY.includes(leg.state)) continue; // it rings no more: somebody else has answered
    const other = legs.get(leg.extension);
    if (!other || URGENCY.indexOf(leg.state) < URGENCY.indexOf(other.state)) legs.set(leg.extension, leg);
  }
  return [...legs.values()];
}

/** Return the call that each phone takes part in, by its number; of several the most urgent one. */
export function callsByPhone(account: Account): Map<string, Call> {
  const found = new Map<string, { call: Call; urgency: number }>();
  for (const call of Object.values(account.calls)) {
    for (const leg of phonesOf(call)) {
      const urgency = URGENCY.indexOf(leg.state);
      if (urgency < (found.get(leg.extension)?.urgency ?? URGENCY.length)) found.set(leg.extension, { call, urgency });
    }
  }
  return new Map([...found].map(([number, { call }]) => [number, call]));
}

/** Return whether somebody waits in a queue: nobody of ours talks to the caller yet. */
export const waits = (call: Call): boolean =>
  call.queue !== undefined && !call.legs.some((leg) => leg.state === "talking" || leg.state === "on_hold");

/** Return whether a call is one of a queue; some phone systems name the queue of a call by its name or number. */
export const isIn = (call: Call, queue: Queue): boolean =>
  call.queue !== undefined && [queue.id, queue.name, queue.number].includes(call.queue);

/** Return the name of the queue of a call; empty where it is in none. */
export const queueName = (account: Account, call: Call): string =>
  Object.values(account.queues).find((queue) => isIn(call, queue))?.name || call.queue || "";

export interface Mine {
  account: Account;
  extension: Extension;
}

/** Return the user's own phone, if it was chosen and is there. */
export function mine(known: Known): Mine | undefined {
  const slash = known.me.extension?.indexOf("/") ?? -1;
  if (!known.me.extension || slash < 0) return undefined;
  const account = known.accounts.get(known.me.extension.slice(0, slash));
  const number = known.me.extension.slice(slash + 1);
  const extension = account && Object.hasOwn(account.extensions, number) ? account.extensions[number] : undefined;
  return account && extension ? { account, extension } : undefined;
}

export const key = (account: Account, number: string): string => `${account.id}/${number}`;

/** Return the action with which an account places calls; empty where it cannot. */
export const placing = (account: Account | undefined): string =>
  ["click_to_call", "originate"].find((action) => account?.can.includes(action)) ?? "";

/** Return the numbers of an account that others may see, those of the phone that calls first, each once. */
export function shownNumbers({ account, extension }: Mine): Shown[] {
  const found = new Map<string, Shown>();
  for (const one of [extension, ...Object.values(account.extensions)])
    for (const shown of one.shows ?? []) if (!found.has(shown.number)) found.set(shown.number, shown);
  return [...found.values()];
}

/** Return the number that the user wants others to see, as far as this account lets it be chosen; empty for the usual one. */
export function callerId(known: Known, me: Mine): string {
  const before = key(me.account, "");
  const chosen = known.me.caller_id;
  if (!chosen?.startsWith(before) || !me.account.can.includes("caller_id")) return "";
  const typed = chosen.slice(before.length);
  const offered = shownNumbers(me);
  return !offered.length || offered.some((one) => one.number === typed) ? typed : "";
}

/** Return what the action that places a call is told; inside the house everybody sees who calls. */
export function order(known: Known, me: Mine, number: string): Record<string, string> {
  const shown = me.account.extensions[number] ? "" : callerId(known, me);
  return { extension: me.extension.number, number, ...(shown && { caller_id_number: uri(shown) }) };
}

/** Return the state in which the user's phone takes part in a call, if it does. */
export function myLeg(me: Mine | undefined, account: Account, call: Call): Leg | undefined {
  if (!me || me.account.id !== account.id) return undefined;
  return phonesOf(call).find((leg) => leg.extension === me.extension.number);
}

/** A call that rings, and by which id it is told from all others: two accounts may call two of them the same. */
export interface Ringing {
  id: string;
  account: Account;
  call: Call;
}

/** Return the calls that ring for this user, as far as the user wants to see them and dismissed none. */
export function ringing(known: Known, dismissed: ReadonlySet<string>): Ringing[] {
  const { popup } = known.me;
  if (popup !== "mine" && popup !== "all") return [];
  const me = mine(known);
  return [...known.accounts.values()].flatMap((account) =>
    Object.values(account.calls)
      .map((call) => ({ id: key(account, call.id), account, call }))
      .filter(({ id, call }) => {
        if (call.state !== "ringing" || call.direction === "outgoing" || dismissed.has(id)) return false;
        return popup === "all" || myLeg(me, account, call)?.state === "ringing";
      }),
  );
}

// -- words and numbers ---------------------------------------------------------------------------------

/** Return a number that nobody typed for an action: as a URI it is dialled as people in the country dial it. */
export const uri = (number: string): string => (number.startsWith("+") ? `tel:${number}` : number);

/** Write seconds as a running clock: 1:05, 1:01:01. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number): string => String(value).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** Return a text for comparing: without accents and case. */
export const fold = (text: string): string => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

const KEYPAD = ["", "", "abc", "def", "ghi", "jkl", "mno", "pqrs", "tuv", "wxyz"];
const KEY_OF = new Map(KEYPAD.flatMap((letters, key) => [...letters].map((letter) => [letter, String(key)] as const)));

/** Return the keys that one presses to spell a text; what is on no key is left out. */
export const keys = (text: string): string =>
  [...fold(text)].map((letter) => (/\d/.test(letter) ? letter : (KEY_OF.get(letter) ?? ""))).join("");

/** Return the signs that one dials for a text, without what only parts them. */
const digitsOf = (text: string): string =>
  text
    .replace(/^(tel|sip|sips|callto):/, "")
    .replace(/^(\+[\d\s]*)\(0\)/, "$1")
    .replace(/\p{Nd}/gu, figure)
    .replace(/[\s()/.-]/g, "");

/** Return a digit of any script as that from 0 to 9: those of a script stand in a row. */
function figure(digit: string): string {
  const zero = (code: number): boolean => !/\p{Nd}/u.test(String.fromCodePoint(code - 1));
  if (/\d/.test(digit)) return digit;
  const code = digit.codePointAt(0)!;
  let value = 0;
  while (value < 9 && !zero(code - value)) value++;
  return String(value);
}

/** Return whether a text is a name rather than something to dial. */
export const isName = (text: string): boolean => /\p{L}/u.test(text.replace(/^\s*(tel|sip|sips|callto):/i, "")) && !/[\d@]/.test(text);

/** Return work that is not begun again while it is under way: who presses twice means it once. */
export function once<A extends unknown[]>(work: (...given: A) => Promise<boolean>): (...given: A) => Promise<boolean> {
  let busy = false;
  return async (...given) => {
    if (busy) return false;
    busy = true;
    try {
      return await work(...given);
    } finally {
      busy = false;
    }
  };
}

/** Return whether a person who types `text` may mean this name or number. */
export function matches(text: string, name: string, number: string): boolean {
  const wanted = fold(text.trim());
  if (!wanted) return true;
  const digits = digitsOf(wanted);
  if ((digits && number.includes(digits)) || fold(name).includes(wanted)) return true;
  // At home one dials 030, or 0049 30, what is listed as +49 30.
  const abroad = /^0+\d{2,}$/.test(digits) ? digits.replace(/^0+/, "") : "";
  if (abroad && number.startsWith("+") && number.includes(abroad)) return true;
  // On a keypad: 2442 finds Chiara, in any word of the name.
  return /^\d{2,}$/.test(digits) && name.split(/\s+/).some((word) => keys(word).startsWith(digits));
}

/** Return up to two letters that stand for a name; nothing for what has no letters, as a number. */
export function initials(name: string): string {
  const words = name.split(/[\s,.&()/-]+/u).filter((word) => /^\p{L}/u.test(word));
  const letters = words.length > 1 ? [words[0]!, words[words.length - 1]!] : words;
  return letters.map((word) => [...word][0]!.toLocaleUpperCase()).join("");
}

/** Return a hue, in degrees, that always belongs to the same text. */
export function hue(text: string): number {
  let sum = 0;
  for (const letter of text) sum = (sum * 31 + letter.codePointAt(0)!) % 3600;
  return (sum * 47) % 360;
}
