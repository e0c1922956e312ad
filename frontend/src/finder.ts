import { html, css, nothing, type TemplateResult } from "lit";
import { PbxElement, avatar, number, shared } from "./base";
import { icon } from "./icons";
import { matches, type Account, type State } from "./model";
import { Watch, accountName, store } from "./store";

interface Choice {
  name: string;
  number: string;
  where: string;
  state?: State;
  phone: boolean;
}

interface Found {
  contacts: { account?: string; name: string; number: string; company?: string }[];
}

const WAIT = 300;
const MOST = 12;

/** A field for a number or a name: phones match at once, contacts a moment later. */
export class Finder extends PbxElement {
  static override styles = [
    shared,
    css`
      :host { position: relative; }
      .field { position: relative; }
      input { padding-inline-end: 44px; }
      :host([large]) input { height: 56px; font-size: 20px; letter-spacing: 0.01em; }
      .erase { position: absolute; inset-inline-end: 0; top: 0; height: 100%; width: 44px; display: grid; place-items: center; color: var(--secondary-text-color); }
      ul { position: absolute; inset-inline: 0; top: calc(100% + 4px); padding: 4px; z-index: 4; max-height: 328px; overflow: auto; background: var(--card-background-color, #fff);
        border: 1px solid var(--pbx-line); border-radius: 16px; box-shadow: 0 8px 24px rgb(0 0 0 / 0.25); }
      :host([above]) ul { top: auto; bottom: calc(100% + 4px); }
      li { display: flex; gap: 12px; align-items: center; padding: 6px 8px; min-height: 44px; box-sizing: border-box; border-radius: 12px; cursor: pointer; }
      li[aria-selected="true"], li:hover { background: var(--pbx-soft); }
      li .avatar { width: 32px; height: 32px; font-size: 13px; } li .avatar .icon { width: 18px; height: 18px; }
      li > span:nth-child(2) { display: grid; flex: 1; min-width: 0; line-height: 20px; }
      small { font-size: 12px; line-height: 16px; color: var(--secondary-text-color); }
    `,
  ];
  static override properties = {
    label: { type: String },
    account: { type: String },
    value: { attribute: false, noAccessor: true },
  };
  declare label: string;
  /** Only phones and contacts of this account. */
  declare account: string;
  /** Also call a number that was typed, on Enter. */
  private text = "";
  private contacts: Choice[] = [];
  private open = false;
  private active = -1;
  private asked = 0;
  private timer = 0;

  constructor() {
    super();
    this.label = this.account = "";
    new Watch(this, ["accounts"]);
  }

  get value(): string {
    return this.text;
  }
  set value(text: string) {
    this.typed(text, false);
  }

  override focus(): void {
    this.renderRoot.querySelector("input")?.focus();
  }

  private get accounts(): Account[] {
    return store.accounts.filter((one) => !this.account || one.id === this.account);
  }

  private get choices(): Choice[] {
    if (!this.text.trim()) return [];
    const several = store.accounts.length > 1;
    const phones: Choice[] = [];
    for (const account of this.accounts) {
      for (const one of Object.values(account.extensions)) {
        if (phones.length >= 8) break;
        if (one.trunk || !matches(this.text, one.name ?? "", one.number)) continue;
        phones.push({ name: one.name ?? "", number: one.number, where: several ? accountName(account) : "", state: one.state, phone: true });
      }
    }
    return [...phones, ...this.contacts].slice(0, MOST);
  }

  protected override render(): TemplateResult {
    const choices = this.open ? this.choices : [];
    return html`<div class="field">
        <input role="combobox" inputmode="tel" autocomplete="off" spellcheck="false" enterkeyhint="go" aria-autocomplete="list" aria-label=${this.label}
          placeholder=${this.label} aria-expanded=${choices.length > 0} aria-controls="choices"
          aria-activedescendant=${this.active >= 0 && choices[this.active] ? `choice-${this.active}` : nothing} .value=${this.text}
          @input=${(event: InputEvent) => this.typed((event.target as HTMLInputElement).value)} @keydown=${this.key} @focus=${() => this.show(true)}
          @blur=${() => this.show(false)} />
        ${this.text
          ? html`<button class="erase" tabindex="-1" aria-label=${this.word("clear")} @click=${() => this.typed(this.text.slice(0, -1))}>${icon("backspace", "flip")}</button>`
          : nothing}
      </div>
      <ul id="choices" role="listbox" aria-label=${this.word("contacts")} ?hidden=${!choices.length}>
        ${choices.map((one, index) => this.choice(one, index))}
      </ul>`;
  }

  private choice(one: Choice, index: number): TemplateResult {
    // A press must not take the focus from the field, which would close the list before the click.
    return html`<li id="choice-${index}" role="option" aria-selected=${index === this.active} @mousedown=${(event: Event) => event.preventDefault()}
      @click=${() => this.pick(one)}>
      ${avatar(one.name, one.number, one.state, one.phone ? "idle" : "phone")}
      <span><span class="cut">${one.name ? html`<bdi>${one.name}</bdi>` : number(one.number)}</span>
        <small class="cut">${one.name ? number(one.number) : nothing}${one.where ? html` · <bdi>${one.where}</bdi>` : nothing}</small></span>
    </li>`;
  }

  private show(open: boolean): void {
    this.open = open;
    this.requestUpdate();
  }

  private typed(text: string, ask = true): void {
    this.text = text;
    this.active = -1;
    this.open = ask;
    this.contacts = this.contacts.filter((one) => matches(text, one.name, one.number));
    this.requestUpdate();
    clearTimeout(this.timer);
    if (ask && text.trim().length >= 2) this.timer = window.setTimeout(() => void this.search(text.trim()), WAIT);
    this.dispatchEvent(new CustomEvent("pbx-typed", { detail: text }));
  }

  /** Take a key of a keypad as if it had been typed. */
  press(key: string): void {
    this.typed(this.text + key);
  }

  private async search(text: string): Promise<void> {
    const asked = ++this.asked;
    try {
      const account = this.account || undefined;
      const found = await this.hass!.callWS<Found>({ type: "pbx/search", text, ...(account && { account }) });
      if (asked !== this.asked) return;
      const titles = new Map(store.accounts.map((one) => [one.id, accountName(one)]));
      this.contacts = found.contacts.map((one) => ({
        name: one.name,
        number: one.number,
        where: one.company && one.company !== one.name ? one.company : (titles.size > 1 && titles.get(one.account ?? "")) || "",
        phone: false,
      }));
    } catch {
      this.contacts = []; // one can still type the number
    }
    this.requestUpdate();
  }

  private pick(one: Choice): void {
    this.typed(one.number, false);
    this.dispatchEvent(new CustomEvent("pbx-picked", { detail: one }));
    this.focus();
  }

  private key = (event: KeyboardEvent): void => {
    const choices = this.open ? this.choices : [];
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const all = this.choices.length;
      const step = event.key === "ArrowDown" ? 1 : -1;
      this.active = all ? (this.active + step + all) % all : -1;
      this.show(true);
    } else if (event.key === "Enter") {
      event.preventDefault();
      const chosen = choices[this.active];
      if (chosen) this.pick(chosen);
      else if (this.text.trim()) this.dispatchEvent(new CustomEvent("pbx-enter"));
    } else if (event.key === "Escape" && choices.length) {
      event.stopPropagation();
      this.show(false);
    }
  };
}
