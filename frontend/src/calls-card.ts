import { repeat } from "lit/directives/repeat.js";
import { PbxCard, SETTLES, avatar, css, html, nothing, number, running, shared, who, type CardConfig } from "./base";
import { actionsOf, perform, type CallAction } from "./call-actions";
import type { Finder } from "./finder";
import { icon } from "./icons";
import { loadFinder } from "./later";
import { key, label, outside, phonesOf, queueName, ringing, since, urgency, type Account, type Call } from "./model";
import { Watch, accountHue, accountName, store } from "./store";
import { directionWord, stateWord } from "./words";
import type { PropertyValues, TemplateResult } from "lit";

interface Row {
  account: Account;
  call: Call;
  /** When the call ended, in milliseconds; its row stays a moment so that nothing jumps under a finger. */
  over?: number;
  /** When it took the state that it has. */
  turned: number;
  /** Which element of the list it has; the next call takes that of one that is over. */
  place: number;
}

const STAYS = 1000;
/** What asks for more before it is done. */
const FORMS = new Set(["transfer", "send_dtmf"]);
const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];

/** The calls that are up, each with what can be done with it. */
export class CallsCard extends PbxCard {
  static override styles = [
    shared,
    css`
      ul { display: flex; flex-direction: column; gap: 0; margin: 0 -8px; }
      li { display: grid; grid-template-columns: 48px minmax(0, 1fr) auto auto; grid-template-areas: "avatar who clock buttons"; gap: 8px 12px; align-items: center; padding: 12px 8px; border-radius: 12px; }
      li + li { border-top: 1px solid var(--pbx-line); border-start-start-radius: 0; border-start-end-radius: 0; }
      li[data-state="ringing"] { background: color-mix(in srgb, var(--pbx-ringing) 10%, transparent); }
      li.over { opacity: 0.4; }
      .gone { display: none !important; }
      .avatar { grid-area: avatar; width: 40px; height: 40px; margin: 4px; }
      .who { grid-area: who; display: grid; gap: 0; min-width: 0; }
      .name { font-size: 16px; line-height: 24px; font-weight: 500; }
      .line { display: flex; flex-wrap: wrap; align-items: center; gap: 0 6px; font-size: 14px; line-height: 20px; color: var(--secondary-text-color); }
      .line .icon { width: 16px; height: 16px; }
      .time { grid-area: clock; font-size: 16px; line-height: 24px; text-align: end; display: grid; justify-items: end; align-self: center; }
      .time small { font-size: 12px; line-height: 16px; color: var(--secondary-text-color); display: inline-flex; gap: 6px; align-items: center; }
      .buttons { grid-area: buttons; display: flex; gap: 8px; }
      .phone { display: inline-flex; align-items: center; gap: 6px; color: var(--primary-text-color); max-width: 100%; }
      .more { grid-column: 1 / -1; display: flex; gap: 8px; flex-wrap: wrap; padding-inline-start: 60px; }
      .more pbx-finder { flex: 1 1 200px; }
      .keys { display: grid; grid-template-columns: repeat(6, 44px); gap: 8px; direction: ltr; }
      .keys button { height: 44px; background: var(--pbx-soft); text-align: center; font-size: 18px; }
      .count { min-width: 24px; text-align: center; }
      @container (max-width: 520px) {
        li { grid-template-columns: 48px minmax(0, 1fr) auto; grid-template-areas: "avatar who clock" "buttons buttons buttons"; }
        .buttons { justify-content: flex-end; flex-wrap: wrap; }
        .buttons:empty { display: none; }
        .more { padding-inline-start: 0; }
        li .buttons .labelled { flex: 1; width: auto; min-width: max-content; padding: 0 12px; border-radius: 22px; grid-auto-flow: column; justify-content: center; gap: 8px; }
        li .buttons .labelled .text { position: static; width: auto; height: auto; clip-path: none; font-weight: 500; }
      }
      @container (max-width: 260px) {
        li { grid-template-columns: 48px minmax(0, 1fr); grid-template-areas: "avatar who" "clock clock" "buttons buttons"; }
      }
    `,
  ];
  private opened = "";
  private form = "";
  private sent = "";
  /** To which call something was refused last. */
  private refused = "";
  /** The digits that are on their way, one after the other. */
  private presses = Promise.resolve();
  private rows: Row[] = [];
  /** The row of a call that is over, kept out of sight: to fill it again takes less than half of what a new one takes. */
  private spare?: Row;
  private places = 0;
  private touched = 0;
  private timer = 0;

  constructor() {
    super();
    new Watch(this, ["calls", "accounts", "me"]);
    this.addEventListener("pointerdown", () => (this.touched = performance.now()));
  }

  /** Return the rows to show: the most urgent first, but none moves while somebody is about to touch one. */
  private arrange(shown: Account[]): Row[] {
    const now = performance.now();
    const up = new Map<string, Omit<Row, "place">>();
    for (const account of shown) {
      for (const call of Object.values(account.calls)) up.set(key(account, call.id), { account, call, turned: now });
    }
    const rows: Row[] = [];
    for (const row of this.rows) {
      const id = key(row.account, row.call.id);
      const current = up.get(id);
      if (current) rows.push({ ...row, ...current, over: undefined, turned: current.call.state === row.call.state ? row.turned : now });
      else if (now - (row.over ?? now) < STAYS && store.known.accounts.has(row.account.id)) rows.push({ ...row, over: row.over ?? now });
      else this.spare ??= { ...row, over: undefined };
      up.delete(id);
    }
    for (const row of up.values()) {
      rows.push({ ...row, place: this.spare?.place ?? ++this.places });
      this.spare = undefined;
    }
    if (!store.known.accounts.has(this.spare?.account.id ?? "")) this.spare = undefined;
    const still = now - this.touched < STAYS || rows.some((row) => row.over);
    const turning = rows.some((row) => now - row.turned < SETTLES);
    if (turning || still) {
      clearTimeout(this.timer);
      this.timer = window.setTimeout(() => this.requestUpdate(), turning ? SETTLES : STAYS);
    }
    if (!still) rows.sort((one, other) => urgency(one.call) - urgency(other.call) || since(one.call) - since(other.call));
    return rows;
  }

  protected override render(): TemplateResult {
    const shown = this.shown;
    this.rows = this.arrange(shown);
    if (this.refused && !this.rows.some(({ account, call }) => key(account, call.id) === this.refused)) this.problem = this.refused = "";
    const calls = this.rows.filter((row) => !row.over).length;
    const obstacle = this.obstacle(shown);
    return html`<ha-card>
      <div class="header">
        ${icon("talking")}
        <h2>${this.config.title ?? this.word("live_calls")}</h2>
        <span class="chip count ${calls ? "" : "gone"}">${calls}</span>
      </div>
      ${this.notices(shown)}
      <span class="sr" role="status">${this.announcement()}</span>
      ${obstacle ??
      html`<ul>${repeat(this.spare ? [...this.rows, this.spare] : this.rows, ({ place }) => place, (row) => this.row(row, shown.length > 1))}</ul>
        <div class="empty ${this.rows.length ? "gone" : ""}">${icon("idle")}<span>${this.word("all_is_quiet")}</span></div>`}
    </ha-card>`;
  }

  /** Draw, and give back the focus that a row loses when it takes another place. */
  protected override update(changed: PropertyValues): void {
    const root = this.renderRoot as ShadowRoot;
    const focused = root.activeElement as HTMLElement | null;
    super.update(changed);
    if (focused?.isConnected && root.activeElement !== focused) focused.focus();
  }

  /** Return what a screen reader says: who calls, once; for whom the pop-up comes, that says it. */
  private announcement(): string {
    const told = new Set(ringing(store.known, new Set()).map(({ id }) => id));
    const others = this.rows.filter(({ over, account, call }) => !over && call.state === "ringing" && !told.has(key(account, call.id)));
    const names = others.map(({ call }) => label(outside(call), this.word("hidden_number")));
    return names.length ? `${this.word("incoming_call")}: ${names.join(", ")}` : "";
  }

  private row(row: Row, several: boolean): TemplateResult {
    const { account, call } = row;
    const gone = row === this.spare;
    const id = key(account, call.id);
    const party = outside(call);
    const hidden = this.nobody(party === call.to);
    const name = label(party, hidden);
    const { first, rest } = row.over ? { first: [], rest: [] } : actionsOf(account, call, this.mine);
    const queue = queueName(account, call);
    return html`<li class=${gone ? "gone" : row.over ? "over" : performance.now() - row.turned < SETTLES ? "turning" : ""} data-call=${gone ? nothing : call.id} data-state=${call.state}>
      ${avatar(party.name ?? "", party.number ?? hidden, row.over ? undefined : call.state, party.hidden ? "away" : "phone")}
      <div class="who">
        <span class="name cut">${who(party, hidden)}</span>
        <span class="line">${party.name && party.number ? number(party.number) : nothing}</span>
        <span class="line">
          <span class="sr">${call.direction ? directionWord(this.hass, call.direction) : nothing}</span>${icon(call.direction === "outgoing" ? "dialing" : "arrow", "arrow small")}
          ${this.phones(account, call)}
          ${queue ? html`<span class="phone">${icon("agents", "small")}<bdi class="cut">${queue}</bdi></span>` : nothing}
          ${several ? html`<span class="account" style="--hue:${accountHue(account.id)}"><bdi class="cut">${accountName(account)}</bdi></span>` : nothing}
        </span>
      </div>
      <span class="time">${running(gone ? 0 : since(call))}<small data-state=${call.state}><span class="dot"></span>${stateWord(this.hass, call.state)}</small></span>
      <div class="buttons">
        ${first.map((action) => this.button(id, account, action, name))}
        ${rest.length
          ? html`<button class="round bare" title=${this.word("more")} aria-label="${this.word("more")}: ${name}" aria-expanded=${this.opened === id && !this.form}
              @click=${() => this.toggle(id, "")}>${icon("more")}</button>`
          : nothing}
      </div>
      ${this.opened === id && !gone ? this.details(id, account, rest, [...first, ...rest], name) : nothing}
    </li>`;
  }

  /** Name our phones: of a group each one that rings; of an internal call who is called. */
  private phones(account: Account, call: Call): TemplateResult | TemplateResult[] {
    const legs = phonesOf(call).filter((leg) => call.direction !== "internal" || leg.extension !== call.from.number);
    if (!legs.length) return html`<span class="phone cut">${who(call.direction === "outgoing" ? call.from : call.to, "")}</span>`;
    const most = 3;
    const shown = legs.slice(0, most).map(
      (leg) => html`<span class="phone" data-state=${leg.state}><span class="dot" ?hidden=${legs.length < 2}></span><bdi class="cut">${account.extensions[leg.extension]?.name || leg.extension}</bdi></span>`,
    );
    return legs.length > most ? [...shown, html`<span>+${legs.length - most}</span>`] : shown;
  }

  private button(id: string, account: Account, action: CallAction, name: string): TemplateResult {
    const text = this.word(action.word);
    const form = action.action === "transfer";
    const soft = action.word === "hang_up" ? "soft" : "";
    return html`<button class="round ${action.tone ? "labelled" : ""} ${action.tone ?? ""} ${soft}" title=${text} aria-label="${text}: ${name}" aria-disabled=${this.underWay.has(id)}
      aria-expanded=${form ? this.opened === id && this.form === "transfer" : nothing}
      @click=${() => (form ? this.toggle(id, "transfer") : this.command(id, account, action))}>${icon(action.icon)}<span class="text sr">${text}</span></button>`;
  }

  private details(id: string, account: Account, rest: CallAction[], all: CallAction[], name: string): TemplateResult {
    const find = (action: string): CallAction | undefined => all.find((one) => one.action === action);
    if (this.form === "transfer") {
      const action = find("transfer");
      if (!action) return html``;
      const transfer = (event: Event): void => {
        const goal = (event.target as Finder).value.trim();
        if (goal) void this.command(id, account, action, { number: goal });
      };
      const submit = (event: Event): void => (event.currentTarget as HTMLElement).parentElement!.querySelector<Finder>("pbx-finder")!.submit();
      return html`<div class="more">
        <pbx-finder .hass=${this.hass} account=${account.id} label=${this.word("transfer_to")} @pbx-enter=${transfer}></pbx-finder>
        <button class="wide go" aria-disabled=${this.underWay.has(id)} @click=${submit}>${icon("transfer", "flip")}${this.word("transfer")}</button>
      </div>`;
    }
    if (this.form === "send_dtmf") {
      const action = find("send_dtmf");
      if (!action) return html``;
      return html`<div class="more" role="group" aria-label=${this.word("keypad")}>
        <div class="keys">${KEYS.map((key) => html`<button @click=${() => this.press(account, action, key)}>${key}</button>`)}</div>
        <output class="number" dir="ltr">${this.sent}</output>
      </div>`;
    }
    return html`<div class="more">
      ${rest.map((action) => html`<button class="wide" aria-label="${this.word(action.word)}: ${name}" aria-disabled=${this.underWay.has(id)}
        @click=${() => (FORMS.has(action.action) ? this.toggle(id, action.action) : this.command(id, account, action))}>${icon(action.icon)}${this.word(action.word)}</button>`)}
    </div>`;
  }

  private async toggle(id: string, form: string): Promise<void> {
    if (form === "transfer" && !(await this.have(loadFinder()))) return;
    const close = this.opened === id && this.form === form;
    this.opened = close ? "" : id;
    this.form = close ? "" : form;
    this.sent = "";
    this.requestUpdate();
    if (!close && form === "transfer") void this.updateComplete.then(() => this.renderRoot.querySelector<Finder>("pbx-finder")?.focus());
  }

  private command(id: string, account: Account, action: CallAction, more: Record<string, unknown> = {}): Promise<void> {
    return this.during(id, async () => {
      this.refused = id;
      if ((await perform(this, account, action, more)) && this.opened === id) this.opened = this.form = "";
    });
  }

  /** Send a digit after those before it: a number has an order. */
  private press(account: Account, action: CallAction, key: string): void {
    this.presses = this.presses.then(async () => {
      if (await perform(this, account, action, { digits: key })) this.sent += key;
      this.requestUpdate();
    });
  }
}

export type { CardConfig };
