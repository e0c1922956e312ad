import { PbxCard, avatar, css, html, nothing, number, running, shared, who, type CardConfig } from "./base";
import { actionsOf, perform } from "./call-actions";
import { icon } from "./icons";
import { across, callsByPhone, label, since, type Account, type Call, type Extension } from "./model";
import { Watch } from "./store";
import { stateWord } from "./words";
import type { TemplateResult } from "lit";

interface Config extends CardConfig {
  /** The device of the phone; without one, the user's own phone. */
  device?: string;
}

/** One phone: what it is doing, and what can be done with its call. */
export class PhoneCard extends PbxCard<Config> {
  static override styles = [
    shared,
    css`
      .phone { display: grid; grid-template-columns: 48px minmax(0, 1fr) auto; gap: 8px 12px; align-items: center; min-height: 56px; }
      .avatar { margin: 4px; } .text { display: grid; min-width: 0; } .title { font-size: 16px; line-height: 24px; font-weight: 500; } .sub { font-size: 14px; line-height: 20px; color: var(--secondary-text-color); }
      .buttons { display: flex; gap: 8px; flex-wrap: wrap; } .buttons .wide { flex: 1 1 auto; }
      ha-card { justify-content: center; }
    `,
  ];
  constructor() {
    super();
    new Watch(this, ["extensions", "calls", "accounts", "me"]);
  }
  override getCardSize(): number {
    return 2;
  }
  override getGridOptions(): Record<string, unknown> {
    return { columns: 6, min_columns: 6, rows: "auto" };
  }

  private get phone(): { account: Account; extension: Extension } | undefined {
    if (!this.config.device) return this.mine;
    for (const account of this.shown) {
      const extension = Object.values(account.extensions).find((one) => one.device === this.config.device);
      if (extension) return { account, extension };
    }
    return undefined;
  }

  protected override render(): TemplateResult {
    const phone = this.phone;
    const obstacle = this.obstacle(this.shown, 1);
    if (obstacle || !phone) return html`<ha-card>${obstacle ?? html`<div class="empty">${icon("idle")}<span>${this.word("choose_phone")}</span></div>`}</ha-card>`;
    const { account, extension } = phone;
    const call = callsByPhone(account).get(extension.number);
    const state = account.known ? stateWord(this.hass, extension.state) : this.word("away", { name: account.title });
    return html`<ha-card data-state=${extension.state}>
      <div class="phone">
        ${avatar(extension.name ?? "", extension.number, extension.state, "idle")}
        <span class="text"><span class="title cut"><bdi>${this.config.title || extension.name || extension.number}</bdi></span>
          <span class="sub cut" role="status">${state}${extension.dnd ? ` · ${this.word("do_not_disturb")}` : ""}${extension.registered === false ? ` · ${this.word("offline")}` : ""}</span>
          ${call ? html`<span class="sub cut">${this.other(call, extension)}</span>` : nothing}</span>
        ${call ? running(since(call)) : nothing}
      </div>
      ${call ? this.buttons(account, extension, call) : nothing}
      ${this.problem ? this.notice(this.problem, "cancelled") : nothing}
    </ha-card>`;
  }

  private other(call: Call, extension: Extension): TemplateResult {
    const party = across(call, extension.number);
    return html`${who(party, this.nobody(party === call.to))}${party.name && party.number ? html` · ${number(party.number)}` : nothing}`;
  }

  private buttons(account: Account, extension: Extension, call: Call): TemplateResult | typeof nothing {
    const { first } = actionsOf(account, call, { account, extension });
    const shown = first.filter((action) => action.action !== "transfer");
    const party = across(call, extension.number);
    const name = label(party, this.nobody(party === call.to));
    if (!shown.length) return nothing;
    return html`<div class="buttons ${this.turning(`${call.id} ${call.state}`) ? "turning" : ""}">${shown.map((action) => html`<button class="wide ${action.tone ?? ""}" aria-label="${this.word(action.word)}: ${name}" aria-disabled=${this.underWay.has(call.id)}
      @click=${() => this.during(call.id, () => perform(this, account, action))}>${icon(action.icon)}${this.word(action.word)}</button>`)}</div>`;
  }
}
