import { mdiContacts, mdiDelete, mdiFileImport, mdiPencil } from "@mdi/js";
import { keyed } from "lit/directives/keyed.js";
import { repeat } from "lit/directives/repeat.js";
import { PbxCard, avatar, css, html, nothing, number, shared, type CardConfig } from "./base";
import { decoded, fits, groupsIn, withoutPictures } from "./contact-file";
import { drawn, icon } from "./icons";
import { fold, matches, placing, uri } from "./model";
import { Watch, store } from "./store";
import { reason } from "./words";
import type { PropertyValues, TemplateResult } from "lit";

interface EntryNumber {
  number: string;
  typed?: string;
  kind?: string;
}

interface Entry {
  id: string;
  name?: string;
  company?: string;
  groups?: string[];
  numbers?: EntryNumber[];
  messages?: boolean;
}

interface Book {
  entries: Entry[];
  groups: string[];
}

interface Imported {
  added: number;
  completed: number;
  without_number: number;
  uncertain: { name: string; number: string; problem: string }[];
}

const MOST_SHOWN = 20;
const EMPTY: Entry = { id: "" };
const label = (entry: Entry): string => entry.name || entry.company || "";
/** Return a number as it was typed, where that is one line of the form. */
const written = (one: EntryNumber): string => (one.typed && !/[\n;]/.test(one.typed) ? one.typed.trim() : one.number);
const lines = (text: string): string[] => text.split(/[\n;]/).map((one) => one.trim()).filter(Boolean);

/** The house's own phone book: found, called, added, changed, imported. */
export class ContactsCard extends PbxCard<CardConfig> {
  static override styles = [
    shared,
    css`
      .tools { display: flex; gap: 8px; flex-wrap: wrap; } .tools input[type="search"] { flex: 1 1 200px; width: auto; }
      .tools .chip { min-height: 44px; border-radius: 22px; padding: 0 16px; }
      @container (max-width: 420px) { .tools input[type="search"] { flex-basis: 100%; } }
      .grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(320px, 100%), 1fr)); gap: 8px; }
      li { display: grid; grid-template-columns: 40px minmax(0, 1fr) auto; gap: 12px; align-items: center; padding: 8px; border-radius: 12px; background: var(--pbx-soft); min-height: 56px; box-sizing: border-box; content-visibility: auto; contain-intrinsic-height: auto 64px; }
      .text { display: grid; min-width: 0; } .title { font-size: 15px; line-height: 22px; font-weight: 500; } .sub { font-size: 13px; line-height: 18px; color: var(--secondary-text-color); }
      .buttons { display: flex; gap: 4px; }
      form { display: grid; gap: 12px; padding: 16px; border-radius: 16px; background: var(--pbx-soft); }
      label { display: grid; gap: 4px; font-size: 12px; line-height: 16px; color: var(--secondary-text-color); }
      label input, label textarea { font-size: 16px; color: var(--primary-text-color); background: var(--card-background-color, #fff); border-color: var(--pbx-line); }
      label.check { display: flex; gap: 12px; align-items: center; min-height: 44px; font-size: 14px; line-height: 20px; } label.check input { width: 20px; height: 20px; margin: 0; flex: none; }
      .actions { display: flex; gap: 8px; flex-wrap: wrap; }
      .file { position: relative; overflow: hidden; } .file input { position: absolute; inset: 0; opacity: 0; cursor: pointer; }
      .file:focus-within { outline: 2px solid var(--primary-color); outline-offset: 2px; }
    `,
  ];
  private book?: Book;
  private find = "";
  private group = "";
  private editing?: Entry;
  private busy = false;
  private asked = false;
  /** What was pressed to open the form. */
  private opener: HTMLElement | null = null;
  private imported?: Imported;

  constructor() {
    super();
    new Watch(this, ["accounts", "me"]);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.asked) void this.load(); // it was away, as the cards of a view that is not shown
  }

  private async load(): Promise<void> {
    if (!this.book) this.problem = "";
    try {
      this.book = await this.hass!.callWS<Book>({ type: "pbx/phone_book/list" });
      if (!this.book.groups.includes(this.group)) this.group = "";
    } catch (refusal) {
      this.problem = reason(this.hass, refusal);
    }
    this.requestUpdate();
  }

  private get found(): Entry[] {
    const text = this.find.trim();
    return (this.book?.entries ?? []).filter((entry) => {
      if (this.group && !entry.groups?.includes(this.group)) return false;
      const numbers = (entry.numbers ?? []).map((one) => `${one.number} ${one.typed ?? ""}`).join(" ");
      return !text || matches(text, label(entry), numbers) || fold(`${entry.company ?? ""} ${(entry.groups ?? []).join(" ")}`).includes(fold(text));
    });
  }

  protected override render(): TemplateResult {
    if (!this.asked && this.hass && store.ready) {
      this.asked = true;
      queueMicrotask(() => void this.load());
    }
    const found = this.found;
    const chip = (group: string, text: string): TemplateResult =>
      html`<button class="chip" aria-pressed=${this.group === group} @click=${() => { this.group = this.group === group ? "" : group; this.requestUpdate(); }}>${text}</button>`;
    return html`<ha-card>
      <div class="header">${drawn(mdiContacts)}<h2>${this.config.title ?? this.word("contacts")}</h2>
        <span class="file"><span class="wide">${drawn(mdiFileImport)}${this.word("import_contacts")}</span><input type="file" accept=".vcf,.csv,.xml,text/vcard,text/csv,text/xml" aria-label=${this.word("import_contacts")} @change=${this.importFile} /></span>
        <button class="round" title=${this.word("add_contact")} aria-label=${this.word("add_contact")} @click=${() => this.edit(EMPTY)}>${icon("add")}</button></div>
      ${this.problem ? this.notice(this.problem, "cancelled") : nothing}
      ${this.imported ? this.report(this.imported) : nothing}
      ${this.editing ? keyed(this.editing, this.form(this.editing)) : nothing}
      <div class="tools">
        <input type="search" placeholder=${this.word("find")} aria-label=${this.word("find")} @input=${(event: InputEvent) => { this.find = (event.target as HTMLInputElement).value; this.requestUpdate(); }} />
        ${(this.book?.groups ?? []).map((group) => chip(group, group))}
      </div>
      ${!this.book && !this.problem ? html`<div class="skeleton"></div><div class="skeleton"></div>` : nothing}
      ${this.book && !found.length ? html`<div class="empty">${drawn(mdiContacts)}<span>${this.word("no_contacts")}</span></div>` : nothing}
      <ul class="grid">${repeat(found, (entry) => entry.id, (entry) => this.row(entry))}</ul>
    </ha-card>`;
  }

  private row(entry: Entry): TemplateResult {
    const name = label(entry);
    const first = entry.numbers?.find((one) => one.kind !== "fax" && !one.number.endsWith("*"));
    return html`<li data-entry=${entry.id}>
      ${avatar(name, entry.id)}
      <span class="text"><span class="title cut"><bdi>${name}</bdi></span>
        <span class="sub cut">${(entry.numbers ?? []).map((one, index) => html`${index ? " · " : ""}${number(one.typed || one.number)}`)}</span>
        ${entry.groups?.length || (entry.company && entry.company !== name) ? html`<span class="sub cut"><bdi>${[entry.company !== name ? entry.company : "", ...(entry.groups ?? [])].filter(Boolean).join(" · ")}</bdi></span>` : nothing}</span>
      <span class="buttons">
        ${first && placing(this.mine?.account) ? html`<button class="round" title=${this.word("call")} aria-label="${this.word("call")}: ${name}" ?disabled=${this.busy} @click=${() => this.call(first.number)}>${icon("phone")}</button>` : nothing}
        <button class="round bare" title=${this.word("edit")} aria-label="${this.word("edit")}: ${name}" @click=${() => this.edit(entry)}>${drawn(mdiPencil)}</button>
      </span>
    </li>`;
  }

  private form(entry: Entry): TemplateResult {
    const field = (name: string, text: string, value: string): TemplateResult => html`<label>${text}<input name=${name} .value=${value} autocomplete="off" /></label>`;
    return html`<form @submit=${this.save} aria-label=${entry.id ? this.word("edit") : this.word("add_contact")}>
      ${field("name", this.word("name"), entry.name ?? "")}
      ${field("company", this.word("company"), entry.company ?? "")}
      <label>${this.word("numbers")}<textarea name="numbers" rows="3" dir="ltr" .value=${(entry.numbers ?? []).map(written).join("\n")}></textarea></label>
      ${field("groups", this.word("groups"), (entry.groups ?? []).join(", "))}
      ${entry.messages || store.accounts.some((one) => one.can.includes("send_sms")) ? html`<label class="check"><input name="messages" type="checkbox" .checked=${entry.messages ?? false} /><span>${this.word("send_messages")}</span></label>` : nothing}
      <div class="actions">
        <button class="wide go" type="submit" ?disabled=${this.busy}>${icon("check")}${this.word("save")}</button>
        <button class="wide" type="button" @click=${() => this.edit(undefined)}>${this.word("cancel")}</button>
        ${entry.id ? html`<button class="wide stop soft" type="button" ?disabled=${this.busy} @click=${() => this.erase(entry)}>${drawn(mdiDelete)}${this.word("delete")}</button>` : nothing}
      </div>
    </form>`;
  }

  private report(imported: Imported): TemplateResult {
    return html`<div class="notice plain" role="status">${icon("check")}<span>${this.word("imported", { count: String(imported.added + imported.completed) })}
      ${imported.uncertain.length ? html`<br />${this.word("uncertain")}${imported.uncertain.slice(0, MOST_SHOWN).map((one) => html`<br /><bdi>${one.name}</bdi> ${number(one.number)}`)}${imported.uncertain.length > MOST_SHOWN ? html`<br />… (${imported.uncertain.length})` : nothing}` : nothing}</span></div>`;
  }

  /** Go back to where the form was opened once it is closed, unless somebody went elsewhere. */
  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    if (this.editing || !this.opener) return;
    if (document.activeElement === document.body) this.opener.focus();
    this.opener = null;
  }

  private edit(entry: Entry | undefined): void {
    if (entry && !this.editing) this.opener = (this.renderRoot as ShadowRoot).activeElement as HTMLElement | null;
    this.editing = entry;
    this.problem = "";
    this.imported = undefined;
    this.requestUpdate();
    if (entry) void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLInputElement>("form input")?.focus());
  }

  /** Do something to the book, and read it anew. */
  private async change(work: () => Promise<unknown>): Promise<void> {
    this.busy = true;
    this.problem = "";
    this.requestUpdate();
    try {
      await work();
      this.editing = undefined;
      await this.load();
    } catch (refusal) {
      this.problem = reason(this.hass, refusal);
    }
    this.busy = false;
    this.requestUpdate();
  }

  private save = (event: SubmitEvent): void => {
    event.preventDefault();
    const entry = this.editing!;
    const form = new FormData(event.target as HTMLFormElement);
    const text = (name: string): string => String(form.get(name) ?? "").trim();
    // A number that is not typed anew stays: it may have been read in another country.
    const known = [...(entry.numbers ?? [])];
    const numberOf = (line: string): EntryNumber => {
      const place = known.findIndex((one) => written(one) === line);
      return place < 0 ? { number: line, kind: "other" } : known.splice(place, 1)[0]!;
    };
    const data = {
      name: text("name"),
      company: text("company"),
      groups: groupsIn(text("groups"), this.book?.groups ?? []),
      numbers: lines(text("numbers")).map(numberOf),
      messages: form.has("messages"),
    };
    void this.change(() =>
      entry.id
        ? this.hass!.callWS({ type: "pbx/phone_book/update", entry_id: entry.id, ...data })
        : this.hass!.callService("pbx", "add_to_phone_book", data, undefined, false),
    );
  };

  private erase(entry: Entry): void {
    void this.change(() => this.hass!.callService("pbx", "remove_from_phone_book", { entry_id: entry.id }, undefined, false));
  }

  private importFile = async (event: Event): Promise<void> => {
    const input = event.target as HTMLInputElement;
    const file = input.files?.[0];
    if (!file) return;
    await this.change(async () => {
      const text = withoutPictures(decoded(new Uint8Array(await file.arrayBuffer()), this.hass!.language));
      input.value = "";
      if (!fits(text)) throw new Error(this.word("file_too_large"));
      const answer = await this.hass!.callService("pbx", "import_phone_book", { text }, undefined, false, true);
      this.imported = (answer as { response: Imported }).response;
    });
  };

  private async call(digits: string): Promise<void> {
    this.busy = true;
    await this.place(uri(digits));
    this.busy = false;
    this.requestUpdate();
  }
}
