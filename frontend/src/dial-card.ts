import { mdiCog } from "@mdi/js";
import { live } from "lit/directives/live.js";
import { PbxCard, css, html, nothing, shared, type CardConfig } from "./base";
import type { Finder } from "./finder";
import { drawn, icon } from "./icons";
import { callerId, key, placing, shownNumbers, type Account, type Mine } from "./model";
import { Watch, store } from "./store";
import type { TemplateResult } from "lit";

interface Config extends CardConfig {
  keys?: boolean;
}

const KEYS: [string, string][] = [
  ["1", ""], ["2", "ABC"], ["3", "DEF"],
  ["4", "GHI"], ["5", "JKL"], ["6", "MNO"],
  ["7", "PQRS"], ["8", "TUV"], ["9", "WXYZ"],
  ["*", ""], ["0", "+"], ["#", ""],
];
const LONG = 500;

/** A dial pad that finds phones and contacts while one types, and rings the user's own phone first. */
export class DialCard extends PbxCard<Config> {
  static override styles = [
    shared,
    css`
      ha-card { overflow: visible; gap: 12px; }
      .pad { display: grid; grid-template-columns: repeat(3, minmax(44px, 88px)); justify-content: center; gap: 8px 16px; direction: ltr; }
      .pad button { height: 56px; border-radius: 28px; background: var(--pbx-soft); font-size: 22px; line-height: 24px; display: grid; align-content: center; justify-items: center; user-select: none; touch-action: manipulation; }
      .pad button:hover { filter: brightness(0.94); }
      .pad button::after { content: attr(data-letters) / ""; font-size: 10px; line-height: 12px; letter-spacing: 0.14em; color: var(--secondary-text-color); min-height: 12px; }
      .call { justify-self: stretch; min-height: 56px; border-radius: 28px; font-size: 16px; }
      label:not(.chip) { display: grid; gap: 4px; font-size: 12px; line-height: 16px; color: var(--secondary-text-color); }
      label select, label:not(.check, .chip) input { font-size: 16px; color: var(--primary-text-color); }
      .settings { display: grid; gap: 12px; padding-top: 4px; }
      label.check { display: flex; align-items: center; gap: 12px; min-height: 44px; font-size: 14px; color: var(--primary-text-color); }
      .check input { width: 20px; height: 20px; accent-color: var(--primary-color); }
      fieldset { border: 0; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: 8px; } legend { padding: 0 0 4px; font-size: 12px; line-height: 16px; color: var(--secondary-text-color); }
      fieldset .chip { min-height: 44px; border-radius: 22px; padding: 0 16px; position: relative; cursor: pointer; }
      .chip:has(:checked) { background: color-mix(in srgb, var(--primary-color) 24%, transparent); }
      .chip:has(:focus-visible) { outline: 2px solid var(--primary-color); outline-offset: 2px; }
    `,
  ];
  private text = "";
  private placed = "";
  private calling = false;
  private settings = false;
  private held = 0;

  constructor() {
    super();
    new Watch(this, ["accounts", "me"]);
  }

  private get able(): Account[] {
    return this.shown.filter(placing);
  }

  /** Return the phone that rings first: the user's own, if one can place calls from it here. */
  private get from(): Mine | undefined {
    const me = this.mine;
    return me && this.able.includes(me.account) ? me : undefined;
  }

  private get finder(): Finder {
    return this.renderRoot.querySelector<Finder>("pbx-finder")!;
  }

  protected override render(): TemplateResult {
    const obstacle = this.obstacle(this.shown, 4);
    const from = this.from;
    return html`<ha-card>
      <div class="header">
        ${icon("dialpad")}
        <h2>${this.config.title ?? this.word("dial_pad")}</h2>
        <button class="round bare" title=${this.word("settings")} aria-label=${this.word("settings")} aria-expanded=${this.settings}
          @click=${() => { this.settings = !this.settings; this.requestUpdate(); }}>${drawn(mdiCog)}</button>
      </div>
      ${obstacle ?? html`
        <pbx-finder large .hass=${this.hass} label=${this.word("number_or_name")} @pbx-typed=${(event: CustomEvent<string>) => this.typed(event.detail)} @pbx-enter=${this.call}></pbx-finder>
        ${this.config.keys === false ? nothing : html`<div class="pad">${KEYS.map(([digit, letters]) => this.key(digit, letters))}</div>`}
        <button class="wide go call" aria-disabled=${!this.text.trim() || !from || this.calling} @click=${() => this.finder.submit()}>${icon("phone")}${this.word("call")}</button>
        ${from && !this.settings ? nothing : this.phone()}
        ${from ? this.callerId(from) : nothing}
        ${this.settings ? this.choices() : nothing}
        ${this.problem ? this.notice(this.problem, "cancelled") : nothing}
        <div class="muted" role="status">${this.placed}</div>`}
    </ha-card>`;
  }

  private key(digit: string, letters: string): TemplateResult {
    return html`<button aria-label=${digit}
      @pointerdown=${() => { this.held = Date.now(); }}
      @click=${() => this.pressed(digit)} data-letters=${letters || nothing}>${digit}</button>`;
  }

  private pressed(digit: string): void {
    const long = this.held && Date.now() - this.held >= LONG;
    this.held = 0; // the next press may come from a keyboard
    this.finder.press(digit === "0" && long ? "+" : digit);
  }

  private phone(): TemplateResult {
    const me = this.mine;
    const chosen = me ? key(me.account, me.extension.number) : "";
    const groups = this.shown.map((account) => ({ account, phones: Object.values(account.extensions).filter((one) => !one.trunk) }));
    return html`<label>${this.word("my_phone")}
      <select @change=${(event: Event) => void this.choose({ extension: (event.target as HTMLSelectElement).value || null })}>
        <option value="" ?selected=${!chosen}>${this.word("choose_phone")}</option>
        ${groups.map(({ account, phones }) => html`<optgroup label=${account.title}>${phones.map((one) => {
          const value = key(account, one.number);
          return html`<option value=${value} ?selected=${value === chosen}>${one.name ? `${one.name} (${one.number})` : one.number}</option>`;
        })}</optgroup>`)}
      </select></label>`;
  }

  /** Let the user choose which number others see, where the phone system does; a number other than the usual one is always shown. */
  private callerId(from: Mine): TemplateResult | typeof nothing {
    const chosen = callerId(store.known, from);
    if (!from.account.can.includes("caller_id") || (!this.settings && !chosen)) return nothing;
    const offered = shownNumbers(from);
    const choose = (event: Event): void => {
      const value = (event.target as HTMLInputElement).value.trim();
      void this.choose({ caller_id: value ? key(from.account, value) : null });
    };
    return html`<label data-caller-id>${this.word("caller_id")}
      ${offered.length
        ? html`<select @change=${choose}>
            <option value="" ?selected=${!chosen}>${this.word("usual_number")}</option>
            ${offered.map((one) => html`<option value=${one.number} ?selected=${one.number === chosen}>${one.label ? `${one.label} ` : ""}\u2066${one.number}\u2069</option>`)}
          </select>`
        : html`<input inputmode="tel" autocomplete="off" maxlength="100" dir=${chosen ? "ltr" : nothing} placeholder=${this.word("usual_number")} .value=${chosen} @change=${choose} />`}
    </label>`;
  }

  private choices(): TemplateResult {
    const me = this.myChoice;
    const popup = (value: string, text: string): TemplateResult =>
      html`<label class="chip"><input class="sr" type="radio" name="popup" value=${value} .checked=${live((me.popup ?? "off") === value)}
        @change=${() => void this.choose({ popup: value })} />${text}</label>`;
    return html`<div class="settings">
      <fieldset><legend>${this.word("pop_up")}</legend>
        ${popup("mine", this.word("my_phone"))}${popup("all", this.word("all_calls"))}${popup("off", this.word("off"))}</fieldset>
      <label class="check"><input type="checkbox" .checked=${live(me.sound)} @change=${(event: Event) => void this.choose({ sound: (event.target as HTMLInputElement).checked })} />${this.word("ring_sound")}</label>
    </div>`;
  }

  private typed(text: string): void {
    this.text = text;
    this.placed = this.problem = "";
    this.requestUpdate();
  }

  private call = async (): Promise<void> => {
    const from = this.from;
    const number = this.text.trim();
    if (!number || this.calling) return;
    if (!from) {
      this.settings = true;
      this.requestUpdate();
      return;
    }
    this.calling = true;
    this.requestUpdate();
    if (await this.place(number)) {
      if (this.text.trim() === number) this.finder.value = ""; // else somebody types the next one
      this.placed = this.word("pick_up", { phone: from.extension.name || from.extension.number });
    }
    this.calling = false;
    this.requestUpdate();
  };
}
