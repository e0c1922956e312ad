import { mdiVoicemail } from "@mdi/js";
import { PbxCard, css, html, nothing, number, shared, type CardConfig } from "./base";
import { drawn, icon, type IconName } from "./icons";
import { clock, key, matches, placing, uri, type Account } from "./model";
import { loadSaver } from "./later";
import { Watch, accountHue, accountName, serverNow, store } from "./store";
import { answeredByWord, directionWord, durationWord, outcomeWord, reason } from "./words";
import { repeat } from "lit/directives/repeat.js";
import type { TemplateResult } from "lit";

interface Config extends CardConfig {
  limit?: number;
  /** Show only the newest calls, without filters and without going on. */
  short?: boolean;
}

/** A finished call, in the fields of a `call_record` event. */
export interface Entry {
  account: string;
  record_id: string;
  call_id?: string;
  direction?: "incoming" | "outgoing" | "internal";
  outcome: string;
  from_number?: string;
  from_name?: string;
  to_number?: string;
  to_name?: string;
  extension?: string;
  extension_name?: string;
  answered_by?: string;
  answered_by_name?: string;
  started_at?: string;
  ended_at?: string;
  ring_time?: number;
  duration?: number;
  recording_id?: string;
  voicemail?: boolean;
  missed?: boolean;
  transcription?: string;
  summary?: string;
  /** Of a voicemail in the list of voicemails: its id, and whether nobody has listened to it. */
  voicemail_id?: string;
  unread?: boolean;
}

interface Voicemail extends Pick<Entry, "account" | "from_number" | "from_name" | "to_number" | "to_name" | "duration" | "unread"> {
  voicemail_id: string;
  time?: string;
}

interface Page {
  records: Entry[];
  cursor: string | null;
  failed: { account: string; error: string }[];
}

type Filter = "all" | "missed" | "incoming" | "outgoing" | "voicemails";

const NOT_REACHED = new Set(["missed", "busy", "failed", "cancelled", "rejected", "no_answer"]);
const SEARCH_WAIT = 400;
/** How many calls are on the page at most; one who scrolls further has the newest ones taken away. */
const MOST = 400;
/** How many calls are told at once at most. */
const MOST_ASKED = 100;
/** How long a text is at most that is looked for. */
const LONGEST_SEARCH = 100;
/** The phone system writes a call down a moment after its end. */
const WRITTEN = [3000, 12000];

const idOf = (entry: Entry): string => `${entry.account}/${entry.record_id}`;

/** Finished calls of all accounts, newest first, by days, with their recordings. */
export class ListCard extends PbxCard<Config> {
  static override styles = [
    shared,
    css`
      .tools { display: flex; gap: 8px; flex-wrap: wrap; align-items: center; }
      .tools .chip { min-height: 44px; border-radius: 22px; padding: 0 16px; } .tools input { flex: 1 1 160px; width: auto; }
      h3 { margin: 0; padding: 16px 0 4px; font-size: 14px; line-height: 20px; font-weight: 500; color: var(--secondary-text-color); background: var(--card-background-color, transparent); }
      li { border-radius: 12px; content-visibility: auto; contain-intrinsic-height: auto 56px; margin: 0 -8px; }
      li.open { background: var(--pbx-soft); content-visibility: visible; }
      .row { display: grid; grid-template-columns: 24px minmax(0, 1fr) auto; gap: 16px; align-items: center; width: 100%; min-height: 56px; padding: 8px; box-sizing: border-box; }
      .row:hover { background: var(--pbx-soft); }
      .row .text { display: grid; min-width: 0; } .title { font-size: 15px; line-height: 22px; }
      .sub { font-size: 13px; line-height: 18px; color: var(--secondary-text-color); display: flex; gap: 6px; align-items: center; }
      .sub .icon { width: 14px; height: 14px; }
      .when { text-align: end; font-size: 13px; line-height: 18px; color: var(--secondary-text-color); display: grid; justify-items: end; font-variant-numeric: tabular-nums; white-space: nowrap; }
      .when .icon { width: 16px; height: 16px; }
      .missed > .icon { color: var(--pbx-missed); } .vain > .icon { color: var(--secondary-text-color); } .row > .icon { color: var(--pbx-talking); }
      .row.vain > .icon { color: var(--secondary-text-color); } .row.missed > .icon { color: var(--pbx-missed); }
      .unseen .title { font-weight: 700; } .new { border-radius: 8px; padding: 0 8px; background: color-mix(in srgb, var(--primary-color) 24%, transparent); color: var(--primary-text-color); font-size: 12px; line-height: 16px; flex: none; }
      .details { display: grid; gap: 12px; padding: 4px 8px 12px 48px; }
      .details:dir(rtl) { padding: 4px 48px 12px 8px; }
      dl { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 4px 16px; margin: 0; font-size: 14px; line-height: 20px; } dt { color: var(--secondary-text-color); } dd { margin: 0; overflow-wrap: anywhere; }
      .actions { display: flex; flex-wrap: wrap; gap: 8px; }
      audio { width: 100%; height: 44px; } blockquote { margin: 0; padding: 8px 12px; border-inline-start: 3px solid var(--pbx-line); font-size: 14px; line-height: 20px; white-space: pre-wrap; overflow-wrap: anywhere; max-height: 240px; overflow: auto; }
      .sentinel { min-height: 1px; }
      @container (max-width: 420px) { .details, .details:dir(rtl) { padding: 4px 8px 12px; } }
    `,
  ];
  private entries: Entry[] = [];
  private cursor: string | null = null;
  private failed: Page["failed"] = [];
  private filter: Filter = "all";
  private search = "";
  private started = false;
  private loading = false;
  /** Whether the next page could not be read: it is read again when somebody asks for it. */
  private stuck = false;
  private asked = 0;
  private open = "";
  private playing = "";
  private url = "";
  private saving = "";
  private readonly blocked = new Set<string>();
  private timer = 0;
  private observer?: IntersectionObserver;
  private calls = new Set<string>();
  /** How often all was told, and which accounts could be reached then. */
  private reached = "";
  /** How often the list was begun anew, and whether its newest calls were taken away since. */
  private turn = 0;
  private cut = false;

  constructor() {
    super();
    new Watch(this, ["accounts", "me"]);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.stop = store.listen(["calls", "accounts"], () => this.look());
    if (this.started) { // it was away, as the cards of a view that is not shown
      this.look();
      void this.refresh();
    }
    this.drawn = this.today;
    this.minutes = window.setInterval(() => this.noticeMidnight(), 60_000);
  }
  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.stop?.();
    this.observer?.disconnect();
    this.observer = undefined;
    clearInterval(this.minutes);
  }
  private minutes = 0;
  /** The day that the list was drawn on. */
  private drawn = "";

  /** Draw again after midnight, also where nobody calls at night: what was today is yesterday. */
  private noticeMidnight(): void {
    if (this.drawn === this.today) return;
    this.drawn = this.today;
    this.requestUpdate();
  }

  private get today(): string {
    return this.times.dayKey(new Date(serverNow()));
  }
  private stop?: () => void;

  override setConfig(config: Config): void {
    const before = JSON.stringify(this.query);
    super.setConfig(config);
    if (this.started && JSON.stringify(this.query) !== before) this.reset();
  }

  /** Read again what is new: a moment after a call has ended, as it is written down then, and once a phone system or the connection is back. */
  private look(): void {
    if (!this.started) return;
    const now = new Set(this.shown.flatMap((account) => Object.keys(account.calls).map((id) => key(account, id))));
    const ended = [...this.calls].some((id) => !now.has(id));
    this.calls = now;
    if (ended) for (const wait of WRITTEN) window.setTimeout(() => void this.refresh(), wait);
    const reached = `${store.known.snapshots} ${this.shown.filter((account) => account.known).map((account) => account.id).join()}`;
    const back = this.reached && this.reached !== reached;
    this.reached = reached;
    if (back) void this.refresh();
  }

  private get query(): Record<string, unknown> {
    return {
      type: "pbx/history",
      limit: Math.min(MOST_ASKED, Math.max(1, Math.round(Number(this.config.limit)) || (this.config.short ? 8 : 30))),
      ...(this.config.account?.length && { account: this.config.account }),
      ...(this.search && { search: this.search }),
      ...(this.filter === "missed" && { missed: true }),
      ...((this.filter === "incoming" || this.filter === "outgoing") && { direction: this.filter }),
    };
  }

  /** Load the newest calls, or those after the last ones. */
  private async load(more = false): Promise<void> {
    if (!this.hass || (more && (this.loading || !this.cursor))) return;
    const asked = ++this.asked;
    this.loading = true;
    if (this.stuck || !this.entries.length) this.problem = "";
    this.requestUpdate();
    try {
      const page = this.filter === "voicemails" ? await this.voicemails() : await this.hass.callWS<Page>({ ...this.query, ...(more && { cursor: this.cursor }) });
      if (asked !== this.asked) return;
      const known = new Set(more ? this.entries.map(idOf) : []);
      const fresh = page.records.filter((entry) => !known.has(idOf(entry)));
      const all = [...(more ? this.entries : []), ...fresh];
      this.cut = all.length > MOST || (more && this.cut);
      this.entries = all.slice(-MOST);
      this.stuck = more && !page.cursor && page.failed.length > 0;
      if (!this.stuck) this.cursor = page.cursor;
      this.failed = page.failed;
    } catch (refusal) {
      if (asked !== this.asked) return;
      this.stuck = more;
      this.problem = reason(this.hass, refusal);
    }
    this.loading = false;
    this.requestUpdate();
  }

  /** Load the voicemails as if they were calls: so they are shown in the same way. */
  private async voicemails(): Promise<Page> {
    const found = await this.hass!.callWS<{ voicemails: Voicemail[]; failed: Page["failed"] }>({
      type: "pbx/voicemails", limit: 100, ...(this.config.account?.length && { account: this.config.account }),
    });
    const records = found.voicemails.map(({ time, ...one }): Entry => ({ ...one, record_id: `voicemail ${one.voicemail_id}`, outcome: "voicemail", direction: "incoming", missed: true, started_at: time }));
    const wanted = records.filter((one) => matches(this.search, `${one.from_name ?? ""} ${one.to_name ?? ""}`, one.from_number ?? ""));
    return { records: wanted, cursor: null, failed: found.failed };
  }

  /** Put what is new on top, without touching what somebody has scrolled to. */
  private async refresh(): Promise<void> {
    if (!this.isConnected || !this.hass || this.loading || this.cut || this.filter === "voicemails") return;
    if (!this.entries.length) return this.load();
    const turn = this.turn;
    try {
      const page = await this.hass.callWS<Page>(this.query);
      if (turn !== this.turn) return; // it answers another question
      const known = new Set(this.entries.map(idOf));
      const fresh = page.records.filter((entry) => !known.has(idOf(entry)));
      const changed = new Map(page.records.map((entry) => [idOf(entry), entry]));
      const gap = page.records.length > 0 && fresh.length === page.records.length;
      if (gap) this.cursor = page.cursor;
      this.entries = [...fresh, ...(gap ? [] : this.entries.map((entry) => changed.get(idOf(entry)) ?? entry))];
      if (this.config.short) this.entries = this.entries.slice(0, this.query.limit as number);
      if (!this.stuck) this.failed = page.failed;
      this.requestUpdate();
    } catch {
      // What is shown stays.
    }
  }

  private reset(): void {
    this.turn++;
    this.cut = false;
    this.entries = [];
    this.cursor = null;
    this.open = this.problem = "";
    this.stuck = false;
    void this.load();
  }

  protected override render(): TemplateResult {
    const shown = this.shown;
    if (!this.started && store.ready && this.hass && shown.length) {
      this.started = true;
      this.look();
      queueMicrotask(() => void this.load());
    }
    const obstacle = this.obstacle(shown, 5);
    return html`<ha-card>
      <div class="header">${icon("incoming")}<h2>${this.config.title ?? this.word(this.config.short ? "recent" : "history")}</h2>
        ${this.entries.some((entry) => !entry.voicemail_id && this.unseen(entry)) ? html`<button class="chip" @click=${this.see}>${icon("check", "small")}${this.word("mark_seen")}</button>` : nothing}</div>
      ${obstacle ?? html`
        ${this.config.short ? nothing : this.tools()}
        ${this.stuck ? nothing : this.failures()}
        ${this.entries.length ? this.days(shown) : this.loading || !this.started
          ? html`${Array.from({ length: 5 }, () => html`<div class="skeleton"></div>`)}`
          : html`<div class="empty">${icon("incoming")}<span>${this.word("no_calls")}</span></div>`}
        ${this.cursor && !this.config.short ? html`<div class="sentinel"></div><button class="wide" ?disabled=${this.loading} @click=${() => this.load(true)}>${this.word("show_more")}</button>` : nothing}
        ${this.stuck ? this.failures() : nothing}`}
    </ha-card>`;
  }

  /** Say why calls are missing; what was refused to an open call is said there. */
  private failures(): TemplateResult {
    return html`${this.problem && (!this.open || this.stuck) ? this.notice(this.problem, "cancelled") : nothing}
      ${this.failed.map((one) => html`<div class="notice plain" role="status">${icon("away")}<span><bdi>${store.known.accounts.get(one.account)?.title ?? ""}</bdi>: ${reason(this.hass, one)}</span></div>`)}`;
  }

  private tools(): TemplateResult {
    const chip = (filter: Filter, text: string): TemplateResult =>
      html`<button class="chip" aria-pressed=${this.filter === filter} @click=${() => { if (this.filter !== filter) { this.filter = filter; this.reset(); } }}>${text}</button>`;
    return html`<div class="tools">
      ${chip("all", this.word("all_calls"))}${chip("missed", this.word("missed"))}${chip("incoming", directionWord(this.hass, "incoming"))}${chip("outgoing", directionWord(this.hass, "outgoing"))}
      ${this.shown.some((account) => account.can.includes("voicemails")) ? chip("voicemails", this.word("voicemails")) : nothing}
      <input type="search" maxlength=${LONGEST_SEARCH} placeholder=${this.word("find")} aria-label=${this.word("find")} @input=${(event: InputEvent) => this.searched((event.target as HTMLInputElement).value)} />
    </div>`;
  }

  private searched(text: string): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      this.search = text.trim();
      this.reset();
    }, SEARCH_WAIT);
  }

  private days(shown: Account[]): TemplateResult {
    const days: { key: string; word: string; entries: Entry[] }[] = [];
    const times = new Map<string, number>();
    let last = "";
    for (const entry of this.entries) {
      const moment = entry.started_at ? new Date(entry.started_at) : undefined;
      const day = moment ? this.times.dayKey(moment) : "";
      if (day !== last || !days.length) {
        const nth = (times.get(day) ?? 0) + 1; // not every phone system's list goes by the start of the calls
        times.set(day, nth);
        days.push({ key: `${day} ${nth}`, word: moment ? this.times.dayWord(moment, new Date(serverNow())) : "", entries: [] });
      }
      last = day;
      days[days.length - 1]!.entries.push(entry);
    }
    const several = shown.length > 1;
    // What is new on top moves nothing else: one goes on listening, typing and reading.
    return html`${repeat(days, (day) => day.key, (day) => html`<section>${day.word ? html`<h3>${day.word}</h3>` : nothing}<ol>${repeat(day.entries, idOf, (entry) => this.row(entry, several))}</ol></section>`)}`;
  }

  private row(entry: Entry, several: boolean): TemplateResult {
    const id = idOf(entry);
    const account = store.known.accounts.get(entry.account);
    const out = entry.direction === "outgoing";
    const missed = entry.missed === true;
    const vain = !missed && NOT_REACHED.has(entry.outcome);
    const symbol: IconName = missed ? "missed" : entry.direction ?? "incoming";
    const name = (out ? entry.to_name : entry.from_name) ?? "";
    const digits = (out ? entry.to_number : entry.from_number) ?? "";
    const ours = out ? entry.from_name || entry.extension_name || entry.extension || entry.from_number : entry.answered_by_name || entry.to_name || entry.extension_name || entry.answered_by || entry.extension || entry.to_number;
    const unseen = this.unseen(entry);
    const outcome = outcomeWord(this.hass, entry.outcome);
    const moment = entry.started_at ? new Date(entry.started_at) : undefined;
    return html`<li class=${this.open === id ? "open" : ""} data-record=${entry.record_id}>
      <button class="row ${missed ? "missed" : vain ? "vain" : ""} ${unseen ? "unseen" : ""}" aria-expanded=${this.open === id} @click=${() => this.toggle(id)}>
        ${entry.outcome === "voicemail" ? drawn(mdiVoicemail) : icon(symbol)}
        <span class="text">
          <span class="title cut">${name ? html`<bdi>${name}</bdi>` : digits ? number(digits) : this.nobody(out)}<span class="sr">, ${entry.direction ? directionWord(this.hass, entry.direction) : ""}, ${outcome}</span></span>
          <span class="sub"><span class="cut">${missed || vain ? html`${outcome} · ` : nothing}${ours ? html`${icon(out ? "dialing" : "arrow", "arrow inline")}<bdi>${ours}</bdi>` : nothing}</span>
            ${entry.unread ? html`<span class="new">${this.word("unread")}</span>` : nothing}
            ${several && account ? html`<span class="account" style="--hue:${accountHue(account.id)}"><bdi class="cut">${accountName(account)}</bdi></span>` : nothing}</span>
        </span>
        <span class="when"><span>${moment ? this.times.time(moment) : ""}</span>
          <span>${entry.duration ? clock(entry.duration) : entry.recording_id || entry.voicemail ? nothing : html`&nbsp;`}${entry.recording_id ? html`<span class="sr">, ${this.word("play")}</span>` : nothing}</span></span>
      </button>
      ${this.open === id ? this.details(entry, account, name, digits) : nothing}
    </li>`;
  }

  /** Return whether this user has not seen a missed call yet; who never looked sees all as seen. */
  private unseen(entry: Entry): boolean {
    if (entry.voicemail_id) return entry.unread === true;
    const { seen } = this.myChoice;
    return entry.missed === true && seen !== null && Date.parse(entry.ended_at ?? entry.started_at ?? "") > Date.parse(seen);
  }

  private see = async (): Promise<void> => {
    await this.hass?.callWS({ type: "pbx/seen" }).catch((refusal: unknown) => { this.problem = reason(this.hass, refusal); });
    this.requestUpdate();
  };

  private details(entry: Entry, account: Account | undefined, name: string, digits: string): TemplateResult {
    const id = idOf(entry);
    const dialable = digits && !digits.includes("•");
    const fact = (word: string, value: unknown): TemplateResult | typeof nothing => (value ? html`<dt>${word}</dt><dd>${value}</dd>` : nothing);
    return html`<div class="details">
      <dl>
        ${fact(this.word("number"), name && digits ? number(digits) : "")}
        ${fact(answeredByWord(this.hass), entry.answered_by_name || entry.answered_by)}
        ${fact(this.word("rang"), entry.ring_time ? clock(entry.ring_time) : "")}
        ${fact(durationWord(this.hass), entry.duration ? clock(entry.duration) : "")}
      </dl>
      ${entry.summary ? html`<div><span class="muted">${this.word("summary")}</span><blockquote>${entry.summary}</blockquote></div>` : nothing}
      ${entry.transcription ? html`<div><span class="muted">${this.word("transcript")}</span><blockquote>${entry.transcription}</blockquote></div>` : nothing}
      <div class="actions">
        ${(entry.voicemail_id || (entry.recording_id && account?.can.includes("recordings"))) && this.playing !== id
          ? html`<button class="wide" @click=${() => this.play(entry)}>${icon("play")}${this.word(entry.voicemail_id ? "play_voicemail" : "play")}</button>` : nothing}
        ${dialable && placing(this.mine?.account)
          ? html`<button class="wide go" aria-disabled=${this.underWay.has(id)} @click=${() => this.during(id, () => this.place(uri(digits)))}>${icon("phone")}${this.word("call_back")}</button>` : nothing}
        ${dialable && !name ? html`<button class="wide" aria-expanded=${this.saving === id} @click=${() => this.openSaver(id)}>${icon("add")}${this.word("add_contact")}</button>` : nothing}
        ${dialable && entry.direction === "incoming" ? html`<button class="wide" ?disabled=${this.blocked.has(digits)} @click=${() => this.block(name, digits)}>${icon("dnd")}${this.word(this.blocked.has(digits) ? "blocked" : "block")}</button>` : nothing}
      </div>
      ${this.problem && !this.stuck ? this.notice(this.problem, "cancelled") : nothing}
      ${this.saving === id ? html`<pbx-saver .hass=${this.hass} .number=${digits} @pbx-saved=${this.saved}></pbx-saver>` : nothing}
      ${this.playing === id && this.url ? html`<audio controls autoplay src=${this.url} aria-label=${this.word("play")} @error=${this.fail}></audio>` : nothing}
    </div>`;
  }

  private toggle(id: string): void {
    this.open = this.open === id ? "" : id;
    this.playing = this.problem = this.saving = "";
    this.requestUpdate();
  }

  private async openSaver(id: string): Promise<void> {
    if (!(await this.have(loadSaver()))) return;
    this.saving = this.saving === id ? "" : id;
    this.requestUpdate();
  }

  /** Read the list anew: whoever was added has a name in it now. */
  private saved = (): void => {
    this.saving = "";
    void this.load();
  };

  /** Put a caller into the phone book's group of the blocked ones, which automations and blueprints know. */
  private block(name: string, digits: string): Promise<void> {
    return this.during(`block ${digits}`, async () => {
      this.problem = "";
      try {
        await this.hass!.callService("pbx", "add_to_phone_book", { name: name || digits, numbers: [digits], groups: ["blocked"] }, undefined, false);
        this.blocked.add(digits);
      } catch (refusal) {
        this.problem = reason(this.hass, refusal);
      }
    });
  }

  private async play(entry: Entry): Promise<void> {
    this.problem = "";
    try {
      const which = entry.voicemail_id ? `voicemail/${entry.voicemail_id}` : `recording/${entry.recording_id}`;
      const media = `media-source://pbx/${entry.account}/${which}`;
      const found = await this.hass!.callWS<{ url: string }>({ type: "media_source/resolve_media", media_content_id: media });
      if (this.open === idOf(entry)) [this.playing, this.url] = [idOf(entry), found.url];
    } catch (refusal) {
      this.problem = reason(this.hass, refusal);
    }
    this.requestUpdate();
  }

  /** Say that what came is nothing that a browser plays, and let it be tried again. */
  private fail = (): void => {
    this.playing = "";
    this.problem = this.word("not_played");
    this.requestUpdate();
  };

  protected override updated(changed: Map<PropertyKey, unknown>): void {
    super.updated(changed);
    const sentinel = this.renderRoot.querySelector(".sentinel");
    this.observer?.disconnect();
    if (!sentinel || this.stuck) return;
    this.observer ??= new IntersectionObserver((seen) => { if (seen.some((one) => one.isIntersecting)) void this.load(true); }, { rootMargin: "400px" });
    this.observer.observe(sentinel);
  }
}
