import { html, css, nothing, type PropertyValues, type TemplateResult } from "lit";
import { PbxElement, avatar, number, shared } from "./base";
import { icon } from "./icons";
import { isName, matches, type Account, type State } from "./model";
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
      :host([above]) ul { top: auto; bottom: calc(100% + 4px); max-height: min(328px, 40dvh); }
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
  private text = "";
  private contacts: Choice[] = [];
  private open = false;
  private active = -1;
  private asked = 0;
  private timer = 0;
  private searching = false;
  /** Whether Enter waits for who is found. */
  private entered = false;

  constructor() {
    super();
    this.label = this.account = "";
    new Watch(this, ["accounts", "me"]);
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

  /** Return the accounts whose phones are meant: what one of them calls 102 is another phone in the next. */
  private get accounts(): Account[] {
    const account = this.account || this.mine?.account.id;
    return store.accounts.filter((one) => !account || one.id === account);
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

  /** Keep in sight whom the arrow keys have come to. */
  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    this.renderRoot.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
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
    this.asked++; // what is under way belongs to another text
    this.entered = false;
    this.searching = ask && text.trim().length >= 2;
    if (this.searching) this.timer = window.setTimeout(() => void this.search(text.trim()), WAIT);
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
      // A masked number cannot be called.
      this.contacts = found.contacts.filter((one) => !one.number.includes("•")).map((one) => ({
        name: one.name,
        number: one.number,
        where: one.company && one.company !== one.name ? one.company : (titles.size > 1 && titles.get(one.account ?? "")) || "",
        phone: false,
      }));
    } catch {
      if (asked !== this.asked) return;
      this.contacts = []; // one can still type the number
    }
    this.searching = false;
    if (this.entered && this.open) this.enter(this.choices);
    this.requestUpdate();
  }

  private pick(one: Choice): void {
    this.typed(one.number, false);
    this.dispatchEvent(new CustomEvent("pbx-picked", { detail: one }));
    this.focus();
  }

  /** Do what Enter does; for a button beside the field. */
  submit(): void {
    const name = isName(this.text);
    if (name) this.focus(); // whoever is found is shown, and may come a moment later
    this.enter(name ? this.choices : []);
  }

  /** Take who is meant, else let the number be called. A name cannot be dialled: it means whoever is found first. */
  private enter(choices: Choice[]): void {
    const name = isName(this.text);
    const chosen = choices[this.active] ?? (name ? choices[0] : undefined);
    this.entered = !chosen && name && this.searching;
    if (chosen) this.pick(chosen);
    else if (this.text.trim() && !this.entered) this.dispatchEvent(new CustomEvent("pbx-enter"));
  }

  private key = (event: KeyboardEvent): void => {
    if (event.isComposing) return; // it belongs to the keyboard of a script with many signs
    const choices = this.open ? this.choices : [];
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const all = this.choices.length;
      const step = event.key === "ArrowDown" ? 1 : -1;
      this.active = all ? (this.active + step + all) % all : -1;
      this.show(true);
    } else if (event.key === "Enter") {
      event.preventDefault();
      this.enter(choices);
    } else if (event.key === "Escape" && choices.length) {
      event.stopPropagation();
      this.show(false);
    }
  };
}
