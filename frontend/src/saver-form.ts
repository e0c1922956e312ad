import { PbxElement, css, html, nothing, shared } from "./base";
import { icon } from "./icons";
import { reason } from "./words";
import type { TemplateResult } from "lit";

/** A name for a number, and the phone book knows who calls the next time. */
export class Saver extends PbxElement {
  static override styles = [
    shared,
    css`
      form { display: flex; gap: 8px; align-items: center; } input { flex: 1; font-size: 16px; }
    `,
  ];
  static override properties = { number: { attribute: false }, name: { attribute: false } };
  declare number: string;
  declare name: string;
  private busy = false;

  constructor() {
    super();
    this.number = this.name = "";
  }

  protected override firstUpdated(): void {
    this.renderRoot.querySelector("input")?.focus();
  }

  protected override render(): TemplateResult {
    return html`<form @submit=${this.save}>
        <input name="name" required maxlength="100" autocomplete="off" placeholder=${this.word("name")} aria-label=${this.word("name")} .value=${this.name} />
        <button class="round go" type="submit" title=${this.word("save")} aria-label=${this.word("save")} ?disabled=${this.busy}>${icon("check")}</button>
      </form>
      ${this.problem ? this.notice(this.problem, "cancelled") : nothing}`;
  }

  private save = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const name = String(new FormData(event.target as HTMLFormElement).get("name")).trim();
    if (!name || this.busy) return;
    this.busy = true;
    this.problem = "";
    try {
      await this.hass!.callService("pbx", "add_to_phone_book", { name, numbers: [this.number] }, undefined, false);
      this.dispatchEvent(new CustomEvent("pbx-saved", { detail: name }));
    } catch (refusal) {
      this.problem = reason(this.hass, refusal);
    }
    this.busy = false;
    this.requestUpdate();
  };
}
