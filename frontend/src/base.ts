import { LitElement, css, html, nothing, type CSSResultGroup, type PropertyValues, type TemplateResult } from "lit";
import type { Hass } from "./hass";
import { icon, type IconName } from "./icons";
import { clock, hue, initials, mine, once, order, placing, type Account, type Me, type Mine, type Party, type State } from "./model";
import { serverNow, store } from "./store";
import { Times, loadWords, reason, word, type Word } from "./words";

export { css, html, nothing };

/** What all elements look like: Home Assistant's own colours and shapes on a grid of eight pixels. */
export const shared: CSSResultGroup = css`
  :host {
    display: block;
    color: var(--primary-text-color);
    --pbx-ringing: var(--orange-color, #ff9800);
    --pbx-dialing: var(--light-blue-color, #03a9f4);
    --pbx-talking: var(--green-color, #4caf50);
    --pbx-on_hold: var(--deep-purple-color, #7e57c2);
    --pbx-idle: var(--disabled-color, #9e9e9e);
    --pbx-missed: var(--red-color, #f44336);
    --pbx-soft: color-mix(in srgb, var(--primary-text-color) 7%, transparent);
    --pbx-line: var(--divider-color, rgb(127 127 127 / 0.25));
  }
  :host([hidden]) { display: none; }
  ha-card { box-sizing: border-box; height: 100%; padding: 16px; display: flex; flex-direction: column; gap: 8px; container-type: inline-size; overflow: hidden; }
  .header { display: flex; align-items: center; gap: 8px; min-height: 32px; }
  .header > .round.bare { margin-block: -6px; }
  h2 { margin: 0; flex: 1; min-width: 0; font-size: 16px; line-height: 24px; font-weight: 500; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  ul, ol { list-style: none; margin: 0; padding: 0; }
  .icon { width: 24px; height: 24px; fill: currentColor; flex: none; display: block; }
  .icon.small { width: 16px; height: 16px; }
  .icon.inline { width: 14px; height: 14px; display: inline-block; vertical-align: -2px; margin-inline-end: 4px; }
  .icon.arrow:dir(rtl), .icon.flip:dir(rtl) { transform: scaleX(-1); }
  .muted { color: var(--secondary-text-color); }
  .cut { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; min-width: 0; }
  .account { display: flex; align-items: center; gap: 6px; min-width: 0; flex: 0 999 auto; overflow: hidden; }
  .account::before { content: ""; width: 8px; height: 8px; border-radius: 2px; flex: none; background: hsl(var(--hue) 55% 50%); }
  .number, .clock { font-variant-numeric: tabular-nums; }
  .sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  .text, .who { grid-template-columns: minmax(0, 1fr); }
  .grow { flex: 1; min-width: 0; }
  .empty { display: grid; justify-items: center; gap: 8px; padding: 24px 8px; color: var(--secondary-text-color); text-align: center; }
  .empty .icon { width: 40px; height: 40px; opacity: 0.5; }
  .notice { display: flex; align-items: center; gap: 8px; padding: 8px 12px; border-radius: 12px; font-size: 14px; line-height: 20px;
    background: color-mix(in srgb, var(--pbx-missed) 14%, transparent); overflow-wrap: anywhere; }
  .notice .icon { color: var(--pbx-missed); }
  .notice.plain { background: var(--pbx-soft); } .notice.plain .icon { color: var(--secondary-text-color); }

  button { font: inherit; color: inherit; border: 0; padding: 0; background: none; cursor: pointer; border-radius: 12px; text-align: inherit; -webkit-tap-highlight-color: transparent; }
  button:disabled, button[aria-disabled="true"] { opacity: 0.4; cursor: default; }
  .turning button { pointer-events: none; }
  :focus-visible { outline: 2px solid var(--primary-color); outline-offset: 2px; }
  .round { width: 44px; height: 44px; border-radius: 50%; display: inline-grid; place-items: center; flex: none; background: var(--pbx-soft); position: relative; }
  .round.bare { background: none; color: var(--secondary-text-color); }
  .round:not(:disabled):hover, .chip:not(:disabled):hover, .wide:not(:disabled):hover { filter: brightness(0.94); }
  .wide { min-height: 44px; padding: 0 16px; border-radius: 22px; display: inline-flex; align-items: center; justify-content: center; gap: 8px; background: var(--pbx-soft); font-weight: 500; text-align: center; }
  .go { background: #2e7d32; color: #fff; } .stop { background: #c62828; color: #fff; }
  .stop.soft { background: color-mix(in srgb, var(--pbx-missed) 16%, transparent); color: inherit; } .stop.soft .icon { color: var(--pbx-missed); }
  .chip { display: inline-flex; align-items: center; gap: 6px; min-height: 32px; padding: 0 12px; border-radius: 16px; background: var(--pbx-soft); font-size: 14px; line-height: 20px; max-width: 100%; box-sizing: border-box; overflow-wrap: anywhere; }
  .chip[aria-pressed="true"], .chip[aria-selected="true"] { background: color-mix(in srgb, var(--primary-color) 24%, transparent); }
  .dot { width: 8px; height: 8px; border-radius: 50%; background: var(--pbx-idle); flex: none; }
  [data-state="ringing"] > .dot { background: var(--pbx-ringing); } [data-state="talking"] > .dot { background: var(--pbx-talking); }
  [data-state="on_hold"] > .dot { background: var(--pbx-on_hold); } [data-state="dialing"] > .dot { background: var(--pbx-dialing); }

  input, select, textarea { font: inherit; color: inherit; background: var(--pbx-soft); border: 1px solid transparent; border-radius: 12px; padding: 0 12px; height: 44px; box-sizing: border-box; width: 100%; min-width: 0; }
  textarea { height: auto; padding: 12px; }
  input::placeholder { color: var(--secondary-text-color); opacity: 1; }
  select option, select optgroup { color: #212121; background: #fff; }

  .avatar { position: relative; width: 40px; height: 40px; border-radius: 50%; flex: none; display: grid; place-items: center; font-size: 15px; font-weight: 500; letter-spacing: 0.02em;
    background: color-mix(in srgb, hsl(var(--hue) 60% 50%) 22%, var(--card-background-color, #fff)); }
  .avatar .icon { width: 22px; height: 22px; opacity: 0.75; }
  .avatar[data-state]:not([data-state="idle"]) { box-shadow: 0 0 0 2px var(--card-background-color, #fff), 0 0 0 4px var(--ring); }
  .avatar[data-state="ringing"] { --ring: var(--pbx-ringing); } .avatar[data-state="talking"] { --ring: var(--pbx-talking); }
  .avatar[data-state="on_hold"] { --ring: var(--pbx-on_hold); } .avatar[data-state="dialing"] { --ring: var(--pbx-dialing); }
  @media (prefers-reduced-motion: no-preference) {
    .avatar[data-state="ringing"]::after { content: ""; position: absolute; inset: -4px; border-radius: 50%; border: 2px solid var(--pbx-ringing); animation: pulse 1.4s ease-out infinite; }
    @keyframes pulse { from { transform: scale(1); opacity: 0.9; } to { transform: scale(1.4); opacity: 0; } }
    .skeleton { animation: breathe 1.2s ease-in-out infinite alternate; }
    @keyframes breathe { from { opacity: 1; } to { opacity: 0.45; } }
  }
  .skeleton { border-radius: 12px; background: var(--pbx-soft); min-height: 56px; }
`;

/** Write a number so that its plus stays in front, in whatever direction the text around it runs. */
export const number = (text: string): TemplateResult => html`<bdi dir="ltr" class="number">${text}</bdi>`;

/** Write who somebody is: the name, else the number, else that it is hidden. */
export function who(party: Party, hidden: string): TemplateResult {
  if (party.name) return html`<bdi>${party.name}</bdi>`;
  return party.number ? number(party.number) : html`${hidden}`;
}

/** Draw a circle with initials, or an icon where there are none, and a ring of the colour of a state. */
export function avatar(name: string, fallback: string, state?: State, symbol: IconName = "phone"): TemplateResult {
  const letters = initials(name);
  return html`<span class="avatar" style="--hue:${hue(name || fallback)}" data-state=${state ?? nothing} aria-hidden="true"
    >${letters || icon(symbol)}</span
  >`;
}

/** A clock that runs without anything else being rendered. */
class Since extends HTMLElement {
  private static readonly running = new Set<Since>();
  private static timer = 0;
  /** Since when it runs, in milliseconds; 0 shows nothing. */
  private from = 0;

  set since(moment: number) {
    this.from = moment;
    this.look();
  }
  connectedCallback(): void {
    this.look();
  }
  disconnectedCallback(): void {
    this.look();
  }
  /** Run where there is something to count, and let nothing tick where nobody does. */
  private look(): void {
    this.tick();
    if (this.from && this.isConnected) Since.running.add(this);
    else Since.running.delete(this);
    if (Since.running.size) Since.timer ||= window.setInterval(() => Since.running.forEach((one) => one.tick()), 1000);
    else {
      clearInterval(Since.timer);
      Since.timer = 0;
    }
  }
  private tick(): void {
    const text = this.from ? clock((serverNow() - this.from) / 1000) : "";
    if (this.textContent !== text) this.textContent = text;
  }
}

/** Show for how long something lasts. */
export const running = (moment: number): TemplateResult => html`<pbx-since class="clock" .since=${moment}></pbx-since>`;

/** For how long, in milliseconds, a press on what has just changed may be meant for what was there before. */
export const SETTLES = 600;

/** What all elements have in common: `hass` comes many times a second, and renders only when the language changed. */
export abstract class PbxElement extends LitElement {
  static override styles: CSSResultGroup = shared;
  /** Why the last command was refused. */
  problem = "";
  /** What is being done; its buttons keep the focus meanwhile. */
  protected readonly underWay = new Set<string>();
  private stood = "";
  private turned = 0;
  private current?: Hass;
  private shownTimes?: Times;

  get hass(): Hass | undefined {
    return this.current;
  }
  set hass(hass: Hass | undefined) {
    const before = this.current;
    this.current = hass;
    if (!hass) return;
    store.connect(hass.connection);
    loadWords(hass);
    // `localize` is another function when the language or the loaded words are others, and only then.
    if (!before || before.localize !== hass.localize || before.locale !== hass.locale) {
      this.shownTimes = undefined;
      this.requestUpdate();
    }
  }

  protected word(key: Word, values?: Record<string, string>): string {
    return word(this.current, key, values);
  }

  /** Return what to call somebody without a name and number: who calls hides it, who is called does not. */
  protected nobody(called: boolean): string {
    return this.word(called ? "unknown_number" : "hidden_number");
  }

  protected get times(): Times {
    return (this.shownTimes ??= new Times(this.current));
  }

  protected get myChoice(): Me {
    return store.known.me;
  }

  protected get mine(): Mine | undefined {
    return mine(store.known);
  }

  /** Perform an action of the integration; why it was refused is shown where it was asked. */
  async act(account: Account, action: string, data: Record<string, unknown>, device?: string): Promise<boolean> {
    this.problem = "";
    try {
      const target = device ? { device_id: device } : undefined;
      await this.current!.callService("pbx", action, { config_entry_id: account.id, ...data }, target, false);
      return true;
    } catch (refusal) {
      this.problem = reason(this.current, refusal);
      return false;
    } finally {
      this.requestUpdate();
    }
  }

  /** Do something once at a time: who presses twice means it once. */
  protected async during(id: string, work: () => Promise<unknown>): Promise<void> {
    if (this.underWay.has(id)) return;
    this.underWay.add(id);
    this.requestUpdate();
    try {
      await work();
    } finally {
      this.underWay.delete(id);
      this.requestUpdate();
    }
  }

  /** Return whether something else stands in a place since a moment: nobody can have meant it with a press yet. */
  protected turning(what: string): boolean {
    const now = performance.now();
    if (what !== this.stood) {
      this.stood = what;
      this.turned = now;
      setTimeout(() => this.requestUpdate(), SETTLES);
    }
    return now - this.turned < SETTLES;
  }

  /** Let the user's own phone call a number. */
  protected readonly place = once(async (number: string): Promise<boolean> => {
    const me = this.mine!;
    return this.act(me.account, placing(me.account), order(store.known, me, number));
  });

  /** Wait for code that comes when it is wanted; after an update that of the older version, to which an open page belongs, is gone. */
  protected async have(code: Promise<void>): Promise<boolean> {
    try {
      await code;
      return true;
    } catch {
      this.problem = this.word("reload_page");
      this.requestUpdate();
      return false;
    }
  }

  /** Keep what the user chose; all open pages of the user hear of it. */
  protected async choose(choice: Record<string, unknown>): Promise<void> {
    try {
      await this.current!.callWS({ type: "pbx/me/set", ...choice });
    } catch (refusal) {
      this.problem = reason(this.current, refusal);
      this.requestUpdate();
    }
  }

  /** Show what stands in the way of everything else, if anything does. */
  protected obstacle(shown: readonly Account[], skeletons = 2): TemplateResult | undefined {
    if (store.known.outdated) return this.notice(this.word("reload_page"));
    if (store.refusal) return this.notice(reason(this.current, store.refusal));
    if (!store.ready) return html`${Array.from({ length: skeletons }, () => html`<div class="skeleton"></div>`)}`;
    if (!shown.length) return html`<div class="empty">${icon("away")}<span>${this.word("no_accounts")}</span></div>`;
    return undefined;
  }

  protected notice(text: string, symbol: IconName = "away"): TemplateResult {
    return html`<div class="notice" role="alert">${icon(symbol)}<span>${text}</span></div>`;
  }

  /** Show the last refusal, and which phone systems are away. */
  protected notices(shown: readonly Account[]): TemplateResult {
    return html`${this.problem ? this.notice(this.problem, "cancelled") : nothing}
    ${shown
      .filter((account) => !account.known)
      .map((account) => html`<div class="notice plain" role="status">${icon("away")}<span>${this.word("away", { name: account.title })}</span></div>`)}`;
  }

  protected override updated(_changed: PropertyValues): void {
    const counts = (window.pbxRenders ??= {});
    counts[this.localName] = (counts[this.localName] ?? 0) + 1;
  }
}

export interface CardConfig {
  type: string;
  title?: string;
  account?: Accounts;
}

/** Which accounts are shown, by the ids of their config entries; all where none is named. */
export type Accounts = string | string[];

/** Return the accounts that are shown where these are wanted. */
export function shownOf(wanted?: Accounts): Account[] {
  const ids = [wanted ?? []].flat().filter(Boolean);
  return store.accounts.filter((account) => !ids.length || ids.includes(account.id));
}

/** A card for dashboards: its configuration, and the accounts it shows. */
export abstract class PbxCard<C extends CardConfig = CardConfig> extends PbxElement {
  protected config = {} as C;

  setConfig(config: C): void {
    this.config = config;
    this.requestUpdate();
  }
  getCardSize(): number {
    return 4;
  }
  getGridOptions(): Record<string, unknown> {
    return { columns: 12, min_columns: 6, rows: "auto" };
  }
  protected get shown(): Account[] {
    return shownOf(this.config.account);
  }
}

export const ELEMENTS: [string, CustomElementConstructor][] = [["pbx-since", Since]];
