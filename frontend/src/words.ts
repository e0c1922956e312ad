// Words come with the integration's other translations; English stands in until they are there.
import type { Hass, Refusal } from "./hass";
import type { State } from "./model";

export const ENGLISH: Record<string, string> = {
  add_contact: "Add contact",
  agents: "Agents",
  all_calls: "All calls",
  all_is_quiet: "All is quiet",
  answer: "Answer",
  away: "{name} cannot be reached",
  block: "Block",
  blocked: "Blocked",
  call: "Call",
  call_back: "Call back",
  caller: "Caller",
  caller_id: "Caller ID",
  calls: "Calls",
  cancel: "Cancel",
  choose_phone: "Choose your phone",
  clear: "Clear",
  company: "Company",
  contacts: "Contacts",
  delete: "Delete",
  dashboard_description: "Calls, phones, queues and history of all phone systems",
  dial_pad: "Dial pad",
  dismiss: "Dismiss",
  do_not_disturb: "Do not disturb",
  edit: "Edit",
  end_for_all: "Hang up for all phones",
  file_too_large: "The file is too large. Export fewer contacts at once.",
  find: "Find",
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
  full_screen: "Full screen",
  group_account: "Phone system",
  group_area: "Area",
  group_none: "Not grouped",
  groups: "Groups, separated by commas",
  hang_up: "Hang up",
  hidden_number: "Hidden number",
  history: "History",
  hold: "Hold",
  import_contacts: "Import",
  imported: "Contacts taken over: {count}",
  in_time: "In time",
  incoming_call: "Incoming call",
  keypad: "Keypad",
  last_talked: "Last talked with {name}: {day}",
  live_calls: "Live calls",
  log_in: "Log in",
  log_out: "Log out",
  longest_wait: "Longest wait",
  mark_seen: "Mark as seen",
  missed: "Missed",
  missed_call: "Missed call",
  more: "More",
  my_phone: "My phone",
  name: "Name",
  no_accounts: "There is no phone system that you may see",
  no_calls: "No calls",
  no_contacts: "No contacts",
  no_phones: "No phones",
  no_queues: "No queues",
  not_played: "The recording cannot be played",
  number: "Number",
  number_or_name: "Number or name",
  numbers: "Numbers, one per line",
  off: "Off",
  offline: "Not connected",
  one_phone: "One phone",
  pause: "Pause",
  phones: "Phones",
  pick_up: "Pick up {phone}",
  play: "Play recording",
  play_voicemail: "Play voicemail",
  pop_up: "Pop-up for incoming calls",
  queues: "Queues",
  recent: "Recent",
  reject: "Reject",
  reload_page: "Reload this page: it belongs to another version",
  resume: "Resume",
  rang: "Rang for",
  ring_sound: "Ring sound",
  save: "Save",
  send_messages: "Offer an entity that sends text messages to this person",
  send_to: "Send to",
  settings: "Settings",
  show_more: "Show more",
  silence: "Silence",
  summary: "Summary",
  take_call: "Transfer my call here",
  transcript: "Transcript",
  transfer: "Transfer",
  transfer_to: "Transfer to",
  uncertain: "Please look at these numbers, which were not taken over:",
  unknown_number: "Unknown number",
  unpause: "End pause",
  unread: "New",
  usual_number: "Usual number",
  voicemails: "Voicemails",
  waiting: "Waiting",
};

const CATEGORIES = ["common", "exceptions"];
let asked = "";

/** Ask for the words of the user's language, once for all elements of the page. */
export function loadWords(hass: Hass): void {
  if (asked === hass.language) return;
  asked = hass.language;
  for (const category of CATEGORIES) void hass.loadBackendTranslation(category, "pbx").catch(() => undefined);
}

/** Return a word in the user's language. */
export function word(hass: Hass | undefined, key: string, values: Record<string, string> = {}): string {
  const translated = hass?.localize(`component.pbx.common.${key}`, values);
  return translated || (ENGLISH[key] ?? key).replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}

const entityWord = (hass: Hass | undefined, path: string, fallback: string): string =>
  hass?.localize(`component.pbx.entity.${path}`) || fallback.replace(/_/g, " ");

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
