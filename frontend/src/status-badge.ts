import { PbxElement, css, html, nothing, shared, shownOf, type Accounts } from "./base";
import { icon, type IconName } from "./icons";
import { waits } from "./model";
import { Watch, store } from "./store";
import type { TemplateResult } from "lit";

/** One glance: how many calls ring, talk and wait, and how many were missed; nothing while there is nothing. */
export class StatusBadge extends PbxElement {
  static override styles = [
    shared,
    css`
      .line { display: flex; flex-wrap: wrap; justify-content: center; gap: 8px; }
      .one { display: inline-flex; gap: 8px; align-items: center; height: 36px; padding: 0 14px 0 10px; border-radius: 18px; box-sizing: border-box; font-size: 14px; background: var(--card-background-color, #fff); border: 1px solid var(--pbx-line); }
      .one b { font-weight: 600; font-variant-numeric: tabular-nums; } .one .icon { width: 20px; height: 20px; }
      .ringing .icon { color: var(--pbx-ringing); } .talking .icon { color: var(--pbx-talking); } .waiting .icon { color: var(--pbx-on_hold); } .missed .icon { color: var(--pbx-missed); }
      .none { color: var(--secondary-text-color); }
    `,
  ];
  constructor() {
    super();
    new Watch(this, ["calls", "accounts"]);
  }
  private account?: Accounts;

  setConfig({ account }: { account?: Accounts }): void {
    this.account = account;
    this.requestUpdate();
  }
  protected override render(): TemplateResult {
    const shown = shownOf(this.account);
    if (!store.ready || !shown.length) return html``;
    const calls = shown.flatMap((account) => Object.values(account.calls));
    const count = (state: string): number => calls.filter((call) => call.state === state).length;
    const talking = count("talking") + count("on_hold");
    const waiting = calls.filter(waits).length;
    const missed = shown.reduce((sum, account) => sum + account.missed, 0);
    const one = (kind: string, symbol: IconName, text: string, number: number): TemplateResult | typeof nothing =>
      number ? html`<span class="one ${kind}">${icon(symbol)}<span>${text}</span><b>${number}</b></span>` : nothing;
    const state = (name: string): string => this.hass?.localize(`component.pbx.entity.sensor.call_state.state.${name}`) || name;
    return html`<div class="line" role="status">
      ${one("ringing", "ringing", state("ringing"), count("ringing"))}
      ${one("talking", "talking", state("talking"), talking)}
      ${one("waiting", "clock", this.word("waiting"), waiting)}
      ${one("missed", "missed", this.word("missed"), missed)}
      ${calls.length || missed ? nothing : html`<span class="one none">${icon("idle")}${this.word("all_is_quiet")}</span>`}
    </div>`;
  }
}
