import { mdiMagnify } from "@mdi/js";
import { virtualize } from "@lit-labs/virtualizer/virtualize.js";
import { repeat } from "lit/directives/repeat.js";
import { PbxCard, avatar, css, html, nothing, number, running, shared, who, type CardConfig } from "./base";
import { drawn, icon } from "./icons";
import { across, callsByPhone, key, matches, myLeg, once, placing, since, type Account, type Call, type Extension, type State } from "./model";
import { Watch, accountHue, accountName, store } from "./store";
import { stateWord } from "./words";
import type { PropertyValues, TemplateResult } from "lit";

interface Config extends CardConfig {
  group?: "account" | "area" | "none";
  /** Only these phones, by number, which YAML may take for a figure. */
  extensions?: (string | number)[];
  find?: boolean;
}

interface Phone {
  account: Account;
  extension: Extension;
  call?: Call;
  state: State;
}

interface Group {
  id: string;
  title: string;
  hue?: number;
  phones: Phone[];
}

/** What the virtual list has below each other: the title of a group, or as many phones as fit beside each other. */
type Line = { group: Group } | { id: string; phones: Phone[] };

const MANY = 12;
/** From so many phones on, only those that are on the screen are in the page. */
const TOO_MANY = 300;
/** How wide a phone is at least, and the gap beside it; in pixels. */
const WIDTH = 208;
const GAP = 8;

const idOf = (phone: Phone): string => key(phone.account, phone.extension.number);

/** Every phone and what it is doing, in as many columns as fit; a click offers what can be done with it. */
export class PhonesCard extends PbxCard<Config> {
  static override styles = [
    shared,
    css`
      .tools { display: flex; gap: 8px; flex-wrap: wrap; }
      .tools input { flex: 1 1 160px; width: auto; }
      .tools .chip { min-height: 44px; border-radius: 22px; padding: 0 16px; }
      h3 { margin: 8px 0 0; font-size: 14px; line-height: 20px; font-weight: 500; color: var(--secondary-text-color); display: flex; gap: 8px; align-items: center; }
      h3 i { width: 8px; height: 8px; border-radius: 2px; background: hsl(var(--hue) 55% 50%); }
      .grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(208px, 100%), 1fr)); gap: 8px; }
      .line { width: 100%; padding-block-end: 8px; box-sizing: border-box; }
      .phone { display: grid; grid-template-columns: 40px minmax(0, 1fr) auto; align-items: center; gap: 12px; padding: 8px; min-height: 56px; box-sizing: border-box; width: 100%;
        background: var(--pbx-soft); contain: layout style; content-visibility: auto; contain-intrinsic-height: auto 56px; }
      .phone:hover { filter: brightness(0.97); }
      .phone[data-state="ringing"] { background: color-mix(in srgb, var(--pbx-ringing) 18%, transparent); }
      .phone[data-state="talking"] { background: color-mix(in srgb, var(--pbx-talking) 16%, transparent); }
      .phone[data-state="on_hold"] { background: color-mix(in srgb, var(--pbx-on_hold) 16%, transparent); }
      .phone[data-state="dialing"] { background: color-mix(in srgb, var(--pbx-dialing) 16%, transparent); }
      .phone:not([data-state="idle"]) .sub { color: inherit; }
      .phone.off .avatar { filter: grayscale(1); } .phone.off .title { color: var(--secondary-text-color); }
      .phone .text { display: grid; min-width: 0; } .phone .title { font-size: 14px; line-height: 20px; font-weight: 500; }
      .phone .sub { font-size: 12px; line-height: 16px; color: var(--secondary-text-color); }
      .phone .clock { font-size: 12px; }
      .phone > .icon { width: 16px; height: 16px; color: var(--pbx-missed); }
      .sheet { position: fixed; inset: auto; margin: 0; border: 1px solid var(--pbx-line); border-radius: 16px; padding: 8px; width: 280px; max-width: calc(100vw - 16px); box-sizing: border-box;
        background: var(--card-background-color, #fff); color: inherit; box-shadow: 0 8px 24px rgb(0 0 0 / 0.3); }
      .sheet .head { display: grid; padding: 8px; } .sheet .head strong { font-size: 16px; line-height: 24px; font-weight: 500; }
      .sheet button { display: flex; align-items: center; gap: 16px; width: 100%; min-height: 48px; padding: 0 8px; }
      .sheet button:hover { background: var(--pbx-soft); }
    `,
  ];
  private find = "";
  private busyOnly = false;
  private selected?: { account: string; number: string };
  private opener?: HTMLElement;
  private columns = 1;
  private readonly run = once((work: () => Promise<boolean>) => work());
  private readonly sizes = new ResizeObserver(([entry]) => {
    const columns = Math.max(1, Math.floor((entry!.contentRect.width + GAP) / (WIDTH + GAP)));
    if (columns === this.columns) return;
    this.columns = columns;
    this.requestUpdate();
  });

  constructor() {
    super();
    new Watch(this, ["extensions", "calls", "accounts", "me"]);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.sizes.disconnect();
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    const box = this.renderRoot.querySelector(".lines");
    if (box) this.sizes.observe(box);
    const { account, number } = this.selected ?? {};
    if (account && !store.known.accounts.get(account)?.extensions[number!]) this.close(); // it is gone
  }

  private get phones(): Phone[] {
    const wanted = this.config.extensions && new Set([this.config.extensions].flat().map(String));
    const phones: Phone[] = [];
    for (const account of this.shown) {
      const calls = callsByPhone(account);
      for (const extension of Object.values(account.extensions)) {
        if (extension.trunk || (wanted && !wanted.has(extension.number))) continue;
        phones.push({ account, extension, call: calls.get(extension.number), state: extension.state });
      }
    }
    return phones;
  }

  private groups(phones: Phone[]): Group[] {
    const by = this.config.group ?? "account";
    if (by === "none") return [{ id: "", title: "", phones }];
    const groups = new Map<string, Group>();
    for (const phone of phones) {
      const area = by === "area" ? this.hass?.devices[phone.extension.device ?? ""]?.area_id : undefined;
      const id = by === "area" ? (area ?? "") : phone.account.id;
      const title = by === "area" ? (area ? (this.hass?.areas?.[area]?.name ?? area) : "") : accountName(phone.account);
      const group = groups.get(id) ?? { id, title, hue: by === "account" ? accountHue(id) : undefined, phones: [] };
      group.phones.push(phone);
      groups.set(id, group);
    }
    return [...groups.values()];
  }

  protected override render(): TemplateResult {
    const all = this.phones;
    const busy = all.filter((phone) => phone.state !== "idle").length;
    const found = all.filter((phone) => (!this.busyOnly || phone.state !== "idle") && matches(this.find, phone.extension.name ?? "", phone.extension.number));
    const groups = this.groups(found);
    const obstacle = this.obstacle(this.shown, 4);
    return html`<ha-card>
      <div class="header">
        ${icon("idle")}
        <h2>${this.config.title ?? this.word("phones")}</h2>
        ${all.length ? html`<span class="chip number" dir="ltr" title=${this.word("live_calls")}>${busy} / ${all.length}</span>` : nothing}
      </div>
      ${this.notices(this.shown)}
      ${obstacle ?? html`
        ${this.config.find !== false && all.length > MANY ? html`<div class="tools">
          <input type="search" placeholder=${this.word("find")} aria-label=${this.word("find")} .value=${this.find} @input=${(event: InputEvent) => { this.find = (event.target as HTMLInputElement).value; this.requestUpdate(); }} />
          <button class="chip" aria-pressed=${this.busyOnly} @click=${() => { this.busyOnly = !this.busyOnly; this.requestUpdate(); }}>${icon("talking", "small")}${busy}<span class="sr">${this.word("live_calls")}</span></button>
        </div>` : nothing}
        ${found.length ? nothing : html`<div class="empty">${drawn(mdiMagnify)}<span>${this.word("no_phones")}</span></div>`}
        ${found.length > TOO_MANY ? this.lines(groups) : groups.map((group) => html`${groups.length > 1 ? this.heading(group) : nothing}
          <div class="grid">${repeat(group.phones, idOf, (phone) => this.phone(phone))}</div>`)}`}
      <div class="sheet" popover="auto" @toggle=${this.toggled}>${this.sheet(all)}</div>
    </ha-card>`;
  }

  private heading(group: Group): TemplateResult | typeof nothing {
    if (!group.title) return nothing;
    return html`<h3>${group.hue === undefined ? nothing : html`<i style="--hue:${group.hue}"></i>`}<bdi class="cut">${group.title}</bdi></h3>`;
  }

  /** Draw of very many phones those on the screen; the others come as one scrolls. */
  private lines(groups: Group[]): TemplateResult {
    const lines: Line[] = [];
    for (const group of groups) {
      if (groups.length > 1 && group.title) lines.push({ group });
      for (let index = 0; index < group.phones.length; index += this.columns) {
        const phones = group.phones.slice(index, index + this.columns);
        lines.push({ id: idOf(phones[0]!), phones });
      }
    }
    const grid = `grid-template-columns:repeat(${this.columns},minmax(0,1fr))`;
    return html`<div class="lines">${virtualize<Line>({
      items: lines,
      keyFunction: (line) => ("group" in line ? `group ${line.group.id}` : line.id),
      renderItem: (line) =>
        html`<div class="line">${"group" in line ? this.heading(line.group)
          : html`<div class="grid" style=${grid}>${repeat(line.phones, idOf, (phone) => this.phone(phone))}</div>`}</div>`,
    })}</div>`;
  }

  private phone(phone: Phone): TemplateResult {
    const { extension, call, state } = phone;
    const name = extension.name ?? "";
    const off = extension.registered === false;
    const words = off ? this.word("offline") : stateWord(this.hass, state);
    const other = call && across(call, extension.number);
    const doing = other ? who(other, this.nobody(other === call.to)) : words;
    const idle = off || !name ? words : number(extension.number);
    return html`<button class="phone ${off ? "off" : ""}" data-state=${state} data-extension=${extension.number} aria-haspopup="true" @click=${(event: Event) => this.open(event, phone)}>
      ${avatar(name, extension.number, state, "idle")}
      <span class="text"><span class="title cut">${name ? html`<bdi>${name}</bdi>` : number(extension.number)}</span>
        <span class="sub cut">${state === "idle" ? idle : doing}<span class="sr">, ${words}${extension.dnd ? `, ${this.word("do_not_disturb")}` : ""}</span></span></span>
      ${state !== "idle" && call ? html`<span aria-hidden="true">${running(since(call))}</span>` : extension.dnd ? icon("dnd") : nothing}
    </button>`;
  }

  private open(event: Event, phone: Phone): void {
    this.problem = "";
    this.selected = { account: phone.account.id, number: phone.extension.number };
    this.requestUpdate();
    this.opener = event.currentTarget as HTMLElement;
    const box = this.opener.getBoundingClientRect();
    void this.updateComplete.then(() => {
      const sheet = this.renderRoot.querySelector<HTMLElement>(".sheet")!;
      sheet.showPopover();
      const left = Math.min(Math.max(8, box.left), window.innerWidth - sheet.offsetWidth - 8);
      const below = box.bottom + sheet.offsetHeight + 8 < window.innerHeight;
      sheet.style.left = `${left}px`;
      sheet.style.top = `${below ? box.bottom + 4 : Math.max(8, box.top - sheet.offsetHeight - 4)}px`;
      sheet.querySelector<HTMLElement>("button")?.focus();
    });
  }

  /** Offer what can be done with the phone that was clicked. */
  private sheet(all: Phone[]): TemplateResult | typeof nothing {
    const phone = all.find((one) => one.account.id === this.selected?.account && one.extension.number === this.selected.number);
    if (!phone) return nothing;
    const { account, extension } = phone;
    const me = this.mine;
    const same = me?.account.id === account.id;
    const isMe = same && me.extension.number === extension.number;
    const current = me && Object.values(account.calls).find((call) => ["talking", "on_hold"].includes(myLeg(me, account, call)?.state ?? ""));
    const button = (symbol: Parameters<typeof icon>[0], text: string, run: () => Promise<boolean>): TemplateResult =>
      html`<button @click=${async () => { if (await this.run(run)) this.close(); }}>${icon(symbol)}<span>${text}</span></button>`;
    return html`<div class="head"><strong class="cut"><bdi>${extension.name || extension.number}</bdi></strong>
        <span class="muted">${number(extension.number)} · ${stateWord(this.hass, phone.state)}${extension.dnd ? ` · ${this.word("do_not_disturb")}` : ""}${extension.registered === false ? ` · ${this.word("offline")}` : ""}</span></div>
      ${this.problem ? this.notice(this.problem, "cancelled") : nothing}
      ${same && !isMe && placing(account) ? button("phone", this.word("call"), () => this.place(extension.number)) : nothing}
      ${same && !isMe && current && account.can.includes("transfer")
        ? button("transfer", this.word("take_call"), () => this.act(account, "transfer", { number: extension.number, expected_state: myLeg(me, account, current)!.state }, me.extension.device))
        : nothing}
      ${isMe || !extension.device ? nothing : button("check", this.word("my_phone"), async () => { await this.choose({ extension: key(account, extension.number) }); return true; })}
      ${extension.device ? button("more", this.word("more"), () => this.more(extension)) : nothing}`;
  }

  /** Go back to the phone once its sheet is closed, unless somebody went elsewhere. */
  private toggled = (event: ToggleEvent): void => {
    if (event.newState !== "closed") return;
    this.selected = undefined;
    const inside = (this.renderRoot as ShadowRoot).activeElement?.closest(".sheet");
    if (inside || document.activeElement === document.body) this.opener?.focus();
    this.requestUpdate();
  };

  private close(): void {
    this.renderRoot.querySelector<HTMLElement>(".sheet")?.hidePopover();
  }

  private more(extension: Extension): Promise<boolean> {
    const entities = Object.values(this.hass?.entities ?? {});
    const entity = entities.find((entry) => entry.device_id === extension.device && entry.translation_key === "call_state");
    if (entity) this.dispatchEvent(new CustomEvent("hass-more-info", { detail: { entityId: entity.entity_id }, bubbles: true, composed: true }));
    return Promise.resolve(true);
  }
}

