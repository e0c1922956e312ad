import { repeat } from "lit/directives/repeat.js";
import { PbxElement, avatar, css, html, nothing, number, running, shared, who } from "./base";
import { actionsOf, perform, type CallAction } from "./call-actions";
import type { Hass } from "./hass";
import { icon } from "./icons";
import { key, label, outside, phonesOf, placing, queueName, ringing, since, uri, type Account, type Ringing } from "./model";
import type { Finder } from "./finder";
import { loadFinder, loadSaver } from "./later";
import { Ringer } from "./ringer";
import { Watch, accountName, store } from "./store";
import type { TemplateResult } from "lit";

interface Missed {
  account: string;
  call_id: string;
  from_number?: string;
  from_name?: string;
  extensions?: string[];
  extension_name?: string;
  ended_at?: string;
}

/** What is known of a caller beside the call, as `pbx/about` answers. */
interface About {
  name?: string;
  company?: string;
  place?: string;
  /** Of somebody from abroad; two letters. */
  country?: string;
  last?: { at?: string; name?: string; extension?: string };
}

/** A number, as somebody may write it into an address; nothing else is taken from there. */
const NUMBER = /^[+\d][\d\s()/.*#-]{1,39}$/;
/** What tells that the page has another address. */
const MOVES = ["location-changed", "popstate"];
const AT_ONCE = 2;
/** Among those of the whole house are the user's own. */
const MOST_MISSED = 100;

/** Incoming calls, above whatever is on the screen, at its edge, and in nobody's way. */
export class CallPopup extends PbxElement {
  static override styles = [
    shared,
    css`
      :host { display: contents; font-family: var(--ha-font-family-body, Roboto, sans-serif); }
      .stack { position: fixed; inset: auto; margin: 0; border: 0; padding: 0; background: none; overflow: visible; color: inherit; display: none; flex-direction: column; gap: 8px;
        inset-block-end: calc(16px + env(safe-area-inset-bottom)); inset-inline-end: 16px; width: min(384px, calc(100vw - 32px)); }
      .stack:popover-open { display: flex; }
      dialog:not([open]) { display: contents; }
      dialog { border: 0; padding: 0; background: none; width: 0; height: 0; outline: none; }
      dialog::backdrop { background: none; }
      article { background: var(--card-background-color, #fff); color: var(--primary-text-color); border-radius: 20px; padding: 12px; box-shadow: 0 8px 32px rgb(0 0 0 / 0.35); border: 1px solid var(--pbx-line);
        display: grid; grid-template-columns: 48px minmax(0, 1fr) auto; gap: 8px 12px; align-items: center; }
      .avatar { width: 40px; height: 40px; margin: 4px; }
      .text { display: grid; min-width: 0; } .name { font-size: 18px; line-height: 24px; font-weight: 500; } .sub { font-size: 14px; line-height: 20px; color: var(--secondary-text-color); }
      .buttons { grid-column: 1 / -1; display: flex; flex-wrap: wrap; gap: 8px; } .buttons .wide { flex: 1; min-height: 48px; border-radius: 24px; padding: 0 12px; }
      .side { display: flex; align-self: start; }
      .round.send { width: 48px; height: 48px; } .known { grid-column: 2 / -1; display: grid; grid-template-columns: minmax(0, 1fr); }
      .rest { display: block; padding: 8px 16px; text-align: center; }
      .problem, .goal, pbx-saver { grid-column: 1 / -1; } .goal { display: flex; gap: 8px; } .goal pbx-finder { flex: 1; }
      @media (max-width: 600px) {
        .stack { inset-block-end: calc(8px + env(safe-area-inset-bottom)); inset-inline: 8px; width: auto; }
      }
      @media (max-height: 600px) {
        .stack:not(:has(.goal)) { max-height: calc(100dvh - 32px); overflow-y: auto; }
        .stack:has(.goal) article:not(:has(.goal)) { display: none; }
      }
      @media (prefers-reduced-motion: no-preference) { .stack:popover-open { animation: enter 0.2s ease-out; } @keyframes enter { from { opacity: 0; transform: translateY(8px); } } }
    `,
  ];
  private readonly dismissed = new Set<string>();
  private readonly silenced = new Set<string>();
  private readonly ringer = new Ringer();
  /** For which call or caller somebody did something last: why it was refused stands there. */
  private asker = "";
  private missed: Missed[] = [];
  private asked = "";
  private sending = "";
  private saving = false;
  /** Whom the address of the page names, and who of those is on the screen. */
  private named = "";
  private caller = "";
  private readonly about = new Map<string, About>();
  private shows = false;

  constructor() {
    super();
    new Watch(this, ["calls", "accounts", "me"]);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    for (const event of MOVES) window.addEventListener(event, this.readAddress);
    this.readAddress();
  }
  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const event of MOVES) window.removeEventListener(event, this.readAddress);
  }

  /** Show whom the address names: phone systems and other programs open a page with `?caller=`. */
  private readAddress = (): void => {
    // A plus means a plus here: who puts a number into an address seldom encodes it.
    const caller = (new URLSearchParams(location.search.replaceAll("+", "%2B")).get("caller") ?? "").trim();
    if (caller === this.named) return;
    this.named = caller;
    if (!NUMBER.test(caller)) return; // whoever is on the screen stays there until dismissed
    this.caller = caller;
    this.saving = false;
    this.requestUpdate();
  };

  /** Ask once what is known of a caller; the answer is drawn when it comes. */
  private ask(id: string, question: Record<string, unknown>): About {
    const known = this.about.get(id);
    if (known || !this.hass) return known ?? {};
    this.about.set(id, {});
    void this.hass.callWS<About>({ type: "pbx/about", ...question }).then((answer) => {
      this.about.set(id, answer);
      this.requestUpdate();
    }, () => undefined);
    return {};
  }

  /** Say where a caller is at home. */
  private home({ place, country }: About): string {
    if (place || !country) return place ?? "";
    try {
      return new Intl.DisplayNames(this.hass?.locale.language, { type: "region" }).of(country) ?? "";
    } catch {
      return ""; // what is no country, as that of a satellite telephone
    }
  }

  /** Say who last talked to a caller, and on which day. */
  private lastTalk({ last }: About): TemplateResult | typeof nothing {
    const who = last?.name || last?.extension;
    if (!who || !last?.at) return nothing;
    return html`<span class="sub last">${this.word("last_talked", { name: who, day: this.times.dayWord(new Date(last.at)) })}</span>`;
  }

  /** Ask what was missed since this user last looked, whenever that may have changed. */
  private async askMissed(): Promise<void> {
    const { popup, seen, extension } = this.myChoice;
    const count = store.accounts.map((account) => `${account.id}:${account.missed}`).join();
    const asked = `${count} ${popup} ${seen} ${extension}`;
    if (asked === this.asked || !this.hass || !store.ready) return;
    this.asked = asked;
    if (!seen || (popup !== "mine" && popup !== "all") || !store.accounts.length) {
      this.missed = [];
      return;
    }
    try {
      const found = await this.hass.callWS<{ calls: Missed[] }>({ type: "pbx/recent", missed: true, limit: MOST_MISSED });
      if (asked !== this.asked) return;
      const me = this.mine;
      this.missed = found.calls.filter((call) => (call.ended_at ?? "") > seen
        && (popup === "all" || (call.account === me?.account.id && call.extensions?.includes(me.extension.number))));
    } catch {
      this.missed = []; // the badge and the list show it all the same
    }
    this.requestUpdate();
  }

  /** Return the calls that ring for this user, as far as the user wants to see them. */
  private get ringing(): Ringing[] {
    return ringing(store.known, this.dismissed);
  }

  /** Draw only where there is something to show, or was: every call of the house comes by. */
  protected override shouldUpdate(): boolean {
    void this.askMissed();
    const showed = this.shows;
    this.shows = !!(this.ringing.length || this.missed.length || (this.caller && store.accounts.length));
    return this.shows || showed || !this.hasUpdated;
  }

  protected override render(): TemplateResult {
    const ringing = this.ringing;
    const places = [...ringing.slice(0, AT_ONCE).map(({ id }) => id), this.missed[0]?.call_id, this.caller].join();
    return html`<dialog tabindex="-1" aria-label=${this.word("incoming_call")} @cancel=${(event: Event) => this.cancel(event, ringing)}>
      <div class="stack ${this.turning(places) ? "turning" : ""}" popover="manual" role="region" dir=${document.documentElement.dir || document.dir || "ltr"} aria-label=${this.word("incoming_call")}>
        ${repeat(ringing.slice(0, AT_ONCE), ({ id }) => id, (shown) => this.one(shown))}
        ${ringing.length > AT_ONCE ? html`<article class="rest">+${ringing.length - AT_ONCE}</article>` : nothing}
        ${this.missed.length ? this.missedCalls() : nothing}
        ${this.caller && store.accounts.length ? this.callerPanel() : nothing}
      </div>
    </dialog>`;
  }

  private one({ id, account, call }: Ringing): TemplateResult {
    const hidden = this.word("hidden_number");
    const party = outside(call);
    const name = label(party, hidden);
    const { first, rest } = actionsOf(account, call, this.mine);
    const send = rest.find((action) => action.word === "send_to");
    const about = party.number ? this.ask(id, { account: account.id, call_id: call.id }) : {};
    const place = about.company && about.company !== name ? about.company : this.home(about);
    const phones = phonesOf(call).map((leg) => account.extensions[leg.extension]?.name || leg.extension);
    const queue = queueName(account, call);
    const order = (action: CallAction): number => (action.tone === "stop" ? 0 : 1);
    const quiet = !this.myChoice.sound || this.silenced.has(id);
    return html`<article data-call=${call.id}>
      ${avatar(party.name ?? "", party.number ?? hidden, "ringing", party.hidden ? "away" : "phone")}
      <span class="text">
        <span class="sr" role="alert">${this.word("incoming_call")}: ${name}</span>
        <span class="name cut" aria-hidden="true">${who(party, hidden)}</span>
        <span class="sub cut">${party.name && party.number ? html`${number(party.number)} · ` : nothing}${running(since(call))}</span>
        <span class="sub cut">${icon("arrow", "arrow inline")}<bdi>${[...phones, queue].filter(Boolean).join(", ") || label(call.to, "")}</bdi>${store.accounts.length > 1 ? html` · <bdi>${accountName(account)}</bdi>` : nothing}</span>
      </span>
      <span class="side">
        ${quiet ? nothing : html`<button class="round bare" title=${this.word("silence")} aria-label=${this.word("silence")} @click=${() => this.silence(id)}>${icon("silence")}</button>`}
        <button class="round bare" title=${this.word("dismiss")} aria-label="${this.word("dismiss")}: ${name}" @click=${() => this.dismiss(id)}>${icon("close")}</button>
      </span>
      ${place || about.last ? html`<span class="known">${place ? html`<span class="sub cut"><bdi>${place}</bdi></span>` : nothing}${this.lastTalk(about)}</span>` : nothing}
      ${first.length || send ? html`<span class="buttons">${[...first].sort((one, other) => order(one) - order(other)).map((action) => html`<button class="wide ${action.tone ?? ""}" aria-label="${this.word(action.word)}: ${name}"
        aria-disabled=${this.underWay.has(id)} @click=${() => this.command(id, account, action)}>${icon(action.icon)}${this.word(action.word)}</button>`)}${send ? html`<button class="round send" title=${this.word("send_to")} aria-label="${this.word("send_to")}: ${name}" aria-expanded=${this.sending === id}
        @click=${() => this.openSending(id)}>${icon("transfer", "flip")}</button>` : nothing}</span>` : nothing}
      ${send && this.sending === id ? this.goal(id, account, send) : nothing}
      ${this.refusal(id)}
    </article>`;
  }

  /** Ask to which phone or number a call that rings is sent. */
  private goal(id: string, account: Account, action: CallAction): TemplateResult {
    const send = (event: Event): void => {
      const goal = (event.target as Finder).value.trim();
      if (goal) void this.command(id, account, action, { number: goal });
    };
    const submit = (event: Event): void => (event.currentTarget as HTMLElement).parentElement!.querySelector<Finder>("pbx-finder")!.submit();
    return html`<div class="goal"><pbx-finder above .hass=${this.hass} account=${account.id} label=${this.word("send_to")} @pbx-enter=${send}></pbx-finder>
      <button class="round go" title=${this.word("send_to")} aria-label=${this.word("send_to")} aria-disabled=${this.underWay.has(id)} @click=${submit}>${icon("transfer", "flip")}</button></div>`;
  }

  private async openSending(id: string): Promise<void> {
    this.asker = id;
    if (!(await this.have(loadFinder()))) return;
    this.sending = this.sending === id ? "" : id;
    this.requestUpdate();
    void this.updateComplete.then(() => this.renderRoot.querySelector<Finder>(".goal pbx-finder")?.focus());
  }

  /** Show the caller that the address of the page names. */
  private callerPanel(): TemplateResult {
    const about = this.ask(`caller ${this.caller}`, { number: this.caller });
    const more = [about.company !== about.name ? about.company : "", this.home(about)].filter(Boolean).join(" · ");
    return html`<article class="caller" data-caller=${this.caller}>
      ${avatar(about.name ?? "", this.caller)}
      <span class="text" role="status">
        <span class="sub">${this.word("caller")}</span>
        <span class="name cut">${who({ name: about.name, number: this.caller }, "")}</span>
        ${about.name ? html`<span class="sub cut">${number(this.caller)}</span>` : nothing}
      </span>
      <span class="side"><button class="round bare" title=${this.word("dismiss")} aria-label="${this.word("dismiss")}: ${about.name ?? this.caller}" @click=${() => { this.caller = ""; this.requestUpdate(); }}>${icon("close")}</button></span>
      ${more || about.last ? html`<span class="known">${more ? html`<span class="sub cut"><bdi>${more}</bdi></span>` : nothing}${this.lastTalk(about)}</span>` : nothing}
      <span class="buttons">
        ${placing(this.mine?.account) ? html`<button class="wide go" aria-disabled=${this.underWay.has(this.caller)} @click=${this.callCaller}>${icon("phone")}${this.word("call")}</button>` : nothing}
        ${about.name ? nothing : html`<button class="wide" aria-expanded=${this.saving} @click=${this.openSaver}>${icon("add")}${this.word("add_contact")}</button>`}
      </span>
      ${this.saving ? html`<pbx-saver .hass=${this.hass} .number=${this.caller} @pbx-saved=${() => { this.saving = false; this.about.delete(`caller ${this.caller}`); this.requestUpdate(); }}></pbx-saver>` : nothing}
      ${this.refusal(this.caller)}
    </article>`;
  }

  private openSaver = async (): Promise<void> => {
    this.asker = this.caller;
    if (!(await this.have(loadSaver()))) return;
    this.saving = !this.saving;
    this.requestUpdate();
  };

  private callCaller = (): Promise<void> => this.during(this.caller, () => this.place(uri(this.caller)));

  /** What rang in vain for this user stays until the user has seen it. */
  private missedCalls(): TemplateResult {
    const [first] = this.missed;
    const call = first!;
    const hidden = this.word("hidden_number");
    const name = call.from_name || call.from_number || hidden;
    const more = this.missed.length - 1;
    const dialable = call.from_number && !call.from_number.includes("•") && placing(this.mine?.account);
    return html`<article class="missed" data-missed=${call.call_id}>
      ${avatar(call.from_name ?? "", call.from_number ?? hidden, undefined, "missed")}
      <span class="text" role="status">
        <span class="sub">${this.word("missed_call")}${more ? html` · +${more}` : nothing}</span>
        <span class="name cut">${who({ name: call.from_name, number: call.from_number }, hidden)}</span>
        <span class="sub cut">${call.ended_at ? this.times.time(new Date(call.ended_at)) : ""}${call.extension_name ? html` · <bdi>${call.extension_name}</bdi>` : nothing}</span>
      </span>
      <span class="side"><button class="round bare" title=${this.word("dismiss")} aria-label="${this.word("dismiss")}: ${name}" @click=${this.see}>${icon("close")}</button></span>
      ${dialable ? html`<span class="buttons"><button class="wide" aria-disabled=${this.underWay.has(call.call_id)} @click=${() => this.callBack(call)}>${icon("phone")}${this.word("call_back")}</button></span>` : nothing}
      ${this.refusal(call.call_id)}
    </article>`;
  }

  private see = async (): Promise<void> => {
    this.missed = [];
    this.requestUpdate();
    await this.hass?.callWS({ type: "pbx/seen" }).catch(() => undefined);
  };

  private callBack(call: Missed): Promise<void> {
    return this.during(call.call_id, async () => {
      if (await this.place(uri(call.from_number!))) await this.see();
    });
  }

  private command(id: string, account: Account, action: CallAction, more: Record<string, unknown> = {}): Promise<void> {
    return this.during(id, async () => {
      if (await perform(this, account, action, more)) this.sending = "";
    });
  }

  protected override during(id: string, work: () => Promise<unknown>): Promise<void> {
    if (!this.underWay.has(id)) this.asker = id;
    return super.during(id, work);
  }

  private refusal(id: string): TemplateResult | typeof nothing {
    return this.problem && this.asker === id ? html`<div class="problem">${this.notice(this.problem, "cancelled")}</div>` : nothing;
  }

  private dismiss(id: string): void {
    this.dismissed.add(id);
    this.requestUpdate();
  }
  private silence(id: string): void {
    this.silenced.add(id);
    this.requestUpdate();
  }
  /** Forget what was dismissed once the calls are over. */
  private forget(): void {
    const up = new Set(store.accounts.flatMap((account) => Object.keys(account.calls).map((id) => key(account, id))));
    for (const set of [this.dismissed, this.silenced]) for (const id of set) if (!up.has(id)) set.delete(id);
    for (const id of this.about.keys()) if (!up.has(id) && !id.startsWith("caller ")) this.about.delete(id);
  }
  private cancel(event: Event, ringing: Ringing[]): void {
    event.preventDefault();
    for (const { id } of ringing) this.dismiss(id);
  }

  protected override updated(changed: Map<PropertyKey, unknown>): void {
    super.updated(changed);
    const ringing = this.ringing;
    const dialog = this.renderRoot.querySelector("dialog")!;
    const stack = this.renderRoot.querySelector<HTMLElement>(".stack")!;
    const shown = stack.matches(":popover-open");
    this.ringer.ring(this.myChoice.sound && ringing.some(({ id }) => !this.silenced.has(id)));
    if (!ringing.length) {
      if (dialog.open) dialog.close();
      this.forget();
    }
    if (!this.shows) {
      if (shown) stack.hidePopover();
      this.problem = "";
      return;
    }
    // A modal dialog makes all else inert, also what is painted above it: only another modal one can be touched then.
    // It takes the focus as a whole, so that a key pressed meanwhile neither answers nor rejects. A popover takes none.
    if (ringing.length && !dialog.open && modal(document)) {
      if (shown) stack.hidePopover();
      dialog.showModal();
    }
    if (!stack.matches(":popover-open")) stack.showPopover();
  }
}

/** Return whether a modal dialog is open, in whatever shadow. */
function modal(root: Document | ShadowRoot): boolean {
  if (root.querySelector("dialog:modal")) return true;
  for (const element of root.querySelectorAll("*")) if (element.shadowRoot && modal(element.shadowRoot)) return true;
  return false;
}

/** Keep one pop-up on the page, whatever view is shown, and give it `hass` as the page has it. */
export function install(): void {
  if (document.querySelector("pbx-call-popup")) return;
  const popup = document.createElement("pbx-call-popup") as CallPopup;
  document.body.append(popup);
  const main = document.querySelector("home-assistant") as (HTMLElement & { hass?: Hass; provideHass?(element: HTMLElement): void }) | null;
  // As Home Assistant's own dialogs get it: anew with every change, so the language is always the user's.
  main?.provideHass?.(popup);
  const look = (): void => {
    if (main?.hass) popup.hass = main.hass;
    else setTimeout(look, 100);
  };
  look();
}
