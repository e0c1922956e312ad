// Words come with the integration's other translations; English stands in until they are there.
import type { Hass, Refusal } from "./hass";
import type { State } from "./model";

/** Words that their key says already, in English. */
type Plain =
  | "add_contact" | "agents" | "all_calls" | "all_is_quiet" | "answer" | "block" | "blocked" | "call" | "call_back"
  | "caller" | "calls" | "cancel" | "clear" | "company" | "contacts" | "delete" | "dial_pad" | "dismiss"
  | "do_not_disturb" | "edit" | "find" | "full_screen" | "hang_up" | "hidden_number" | "history" | "hold"
  | "in_time" | "incoming_call" | "keypad" | "live_calls" | "log_in" | "log_out" | "longest_wait" | "missed"
  | "missed_call" | "more" | "my_phone" | "name" | "no_calls" | "no_contacts" | "no_phones" | "no_queues" | "number"
  | "number_or_name" | "off" | "one_phone" | "pause" | "phones" | "play_voicemail" | "queues" | "recent" | "reject"
  | "resume" | "ring_sound" | "save" | "send_to" | "settings" | "show_more" | "silence" | "summary" | "transcript"
  | "transfer" | "transfer_to" | "unknown_number" | "usual_number" | "voicemails" | "waiting";

/** The others. */
export const ENGLISH = {
  away: "{name} cannot be reached",
  caller_id: "Caller ID",
  choose_phone: "Choose your phone",
  dashboard_description: "Calls, phones, queues and history of all phone systems",
  end_for_all: "Hang up for all phones",
  file_too_large: "The file is too large. Export fewer contacts at once.",
  form_account: "Phone system",
  form_agents: "Show agents",
  form_device: "Phone",
  form_group: "Group by",
  form_keys: "Show the keys",
  form_limit: "Calls on a page",
  form_service_level: "Service level to reach",
  form_short: "Only the newest calls",
  form_title: "Title",
  form_wait: "Waits too long after",
  group_account: "Phone system",
  group_area: "Area",
  group_none: "Not grouped",
  groups: "Groups, separated by commas",
  import_contacts: "Import",
  imported: "Contacts taken over: {count}",
  last_talked: "Last talked with {name}: {day}",
  mark_seen: "Mark as seen",
  no_accounts: "There is no phone system that you may see",
  not_played: "The recording cannot be played",
  numbers: "Numbers, one per line",
  offline: "Not connected",
  pick_up: "Pick up {phone}",
  play: "Play recording",
  pop_up: "Pop-up for incoming calls",
  reload_page: "Reload this page: it belongs to another version",
  rang: "Rang for",
  send_messages: "Offer an entity that sends text messages to this person",
  take_call: "Transfer my call here",
  uncertain: "Please look at these numbers, which were not taken over:",
  unpause: "End pause",
  unread: "New",
} satisfies Record<string, string>;

/** What the cards say. */
export type Word = Plain | keyof typeof ENGLISH;

const CATEGORIES = ["common", "exceptions"];
let asked = "";

/** Ask for the words of the user's language, once for all elements of the page. */
export function loadWords(hass: Hass): void {
  if (asked === hass.language) return;
  asked = hass.language;
  for (const category of CATEGORIES) void hass.loadBackendTranslation(category, "pbx").catch(() => undefined);
}

/** What each function said that translates; Home Assistant makes another one when the words are others. */
const said = new WeakMap<Hass["localize"], Map<string, string>>();

/** Return what Home Assistant says in the user's language, asked once: every call needs the same few words. */
function localized({ localize }: Hass, path: string): string {
  let words = said.get(localize);
  if (!words) said.set(localize, (words = new Map()));
  let text = words.get(path);
  if (text === undefined) words.set(path, (text = localize(path)));
  return text;
}

/** Return a word in the user's language. */
export function word(hass: Hass | undefined, key: Word, values?: Record<string, string>): string {
  const path = `component.pbx.common.${key}`;
  const translated = hass && (values ? hass.localize(path, values) : localized(hass, path));
  return translated || english(key).replace(/\{(\w+)\}/g, (whole, name: string) => values?.[name] ?? whole);
}

/** Return a word in English: "add_contact" is "Add contact". */
export function english(key: Word): string {
  return (ENGLISH as Partial<Record<Word, string>>)[key] ?? key.charAt(0).toUpperCase() + key.slice(1).replaceAll("_", " ");
}

const entityWord = (hass: Hass | undefined, path: string, fallback: string): string =>
  (hass && localized(hass, `component.pbx.entity.${path}`)) || fallback.replace(/_/g, " ");

export const stateWord = (hass: Hass | undefined, state: State): string =>
  entityWord(hass, `sensor.call_state.state.${state}`, state);

export const agentWord = (hass: Hass | undefined, status: string): string =>
  entityWord(hass, `sensor.agent_status.state.${status}`, status);

export const outcomeWord = (hass: Hass | undefined, outcome: string): string =>
  entityWord(hass, `event.call.state_attributes.outcome.state.${outcome}`, outcome);

export const directionWord = (hass: Hass | undefined, direction: string): string =>
  entityWord(hass, `event.call.state_attributes.direction.state.${direction}`, direction);

export const answeredByWord = (hass: Hass | undefined): string =>
  entityWord(hass, "event.call.state_attributes.answered_by.name", "answered_by");

export const durationWord = (hass: Hass | undefined): string =>
  entityWord(hass, "event.call.state_attributes.duration.name", "duration");

/** What Home Assistant's connection says by this number alone, or inside of an error. */
const CONNECTION_LOST = 3;

/** Return why something was refused, in the user's language where the integration says so. */
export function reason(hass: Hass | undefined, refusal: unknown): string {
  const { message, error, translation_key: key, translation_placeholders: values } = (refusal ?? {}) as Refusal;
  const inner = typeof error === "object" ? error : undefined;
  if (refusal === CONNECTION_LOST || inner?.code === CONNECTION_LOST) return hass?.localize("ui.notification_toast.connection_lost") || "Connection lost";
  if (inner) return reason(hass, inner);
  const translated = key ? hass?.localize(`component.pbx.exceptions.${key}.message`, values ?? {}) : "";
  return translated || message || (error as string | undefined) || String(refusal);
}

// -- times ---------------------------------------------------------------------------------------------

/** Write times as the user's profile says. */
export class Times {
  private readonly zone: string | undefined;
  private readonly hour: Intl.DateTimeFormat;
  private readonly day: Intl.DateTimeFormat;
  private readonly date: Intl.DateTimeFormat;
  private readonly relative: Intl.RelativeTimeFormat;
  private readonly number: Intl.DateTimeFormat;

  constructor(hass: Hass | undefined) {
    const language = hass?.locale.language || undefined;
    const format = hass?.locale.time_format;
    const hour12 = format === "12" ? true : format === "24" ? false : undefined;
    this.zone = hass?.locale.time_zone === "server" ? hass.config?.time_zone : undefined;
    const zone = { timeZone: this.zone };
    this.hour = new Intl.DateTimeFormat(language, { timeStyle: "short", hour12, ...zone });
    this.day = new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", month: "long", ...zone });
    this.date = new Intl.DateTimeFormat(language, { dateStyle: "full", ...zone });
    this.relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
    this.number = new Intl.DateTimeFormat("en-CA", { year: "numeric", month: "2-digit", day: "2-digit", ...zone });
  }

  /** Return the time of day. */
  time(moment: Date): string {
    return this.hour.format(moment);
  }

  /** Return the day of a moment as 2026-01-31, in the user's zone. */
  dayKey(moment: Date): string {
    return this.number.format(moment);
  }

  /** Return a day in words: today, yesterday, Monday 3 March, with the year where it is another one. */
  dayWord(moment: Date, now = new Date()): string {
    const [day, today] = [Date.parse(this.dayKey(moment)), Date.parse(this.dayKey(now))];
    const days = Math.round((day - today) / 86_400_000);
    const sameYear = this.dayKey(moment).slice(0, 4) === this.dayKey(now).slice(0, 4);
    const text = days > -2 && days <= 0 ? this.relative.format(days, "day") : (sameYear ? this.day : this.date).format(moment);
    return text.charAt(0).toLocaleUpperCase() + text.slice(1);
  }
}
