import { mdiFullscreen, mdiLogin, mdiLogout } from "@mdi/js";
import { repeat } from "lit/directives/repeat.js";
import { PbxCard, avatar, css, html, nothing, running, shared, who, type CardConfig } from "./base";
import { drawn, icon } from "./icons";
import { clock, isIn, key, outside, since, waits, type Account, type Agent, type Call, type Queue, type State } from "./model";
import { Watch, accountHue, accountName, serverNow } from "./store";
import { agentWord, type Word } from "./words";
import type { PropertyValues, TemplateResult } from "lit";

interface Config extends CardConfig {
  /** Seconds of waiting from which a queue is shown as late; twice as many, as too late. */
  wait?: number;
  /** Percent of calls answered in time below which a queue is shown as poor; fifteen more, as middling. */
  service_level?: number;
  agents?: boolean;
}

const LOOKS: Record<string, State> = { available: "talking", talking: "ringing", busy: "ringing", on_hold: "on_hold", paused: "on_hold" };

/** A wallboard: who waits for how long, how each queue is doing, and what the agents do. */
export class QueuesCard extends PbxCard<Config> {
  static override styles = [
    shared,
    css`
      .grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(280px, 100%), 1fr)); gap: 16px; }
      .queue { border-radius: 16px; background: var(--pbx-soft); padding: 16px; display: grid; grid-template-columns: minmax(0, 1fr); gap: 12px; align-content: start; border-block-start: 6px solid var(--pbx-talking); }
      .queue.late { border-color: var(--pbx-ringing); background: color-mix(in srgb, var(--pbx-ringing) 16%, transparent); }
      .queue.too { border-color: var(--pbx-missed); background: color-mix(in srgb, var(--pbx-missed) 18%, transparent); }
      .queue.unknown { border-color: var(--pbx-idle); }
      .top { display: flex; align-items: baseline; gap: 12px; } .top .account { font-size: 12px; line-height: 16px; color: var(--secondary-text-color); }
      h3 { margin: 0; min-width: 0; flex: 1 0 auto; max-width: 100%; font-size: 20px; line-height: 28px; font-weight: 500; }
      .figures { display: flex; flex-wrap: wrap; gap: 4px 24px; align-items: end; }
      .figure { display: grid; min-width: 0; } .figure b { font-size: 24px; line-height: 32px; font-weight: 500; font-variant-numeric: tabular-nums; }
      .figure span { font-size: 12px; line-height: 16px; color: var(--secondary-text-color); }
      .figure.big b { font-size: 64px; line-height: 64px; font-weight: 600; }
      .poor b::after, .middling b::after { content: ""; display: inline-block; width: 10px; height: 10px; border-radius: 50%; margin-inline-start: 6px; vertical-align: 0.15em; background: var(--pbx-missed); }
      .middling b::after { background: var(--pbx-ringing); }
      .callers { display: grid; grid-template-columns: minmax(0, 1fr); gap: 4px; } .callers li { display: flex; gap: 8px; align-items: center; font-size: 16px; line-height: 24px; }
      .callers .icon { width: 20px; height: 20px; color: var(--pbx-ringing); }
      .agents { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(260px, 100%), 1fr)); gap: 8px; }
      .agent { display: flex; flex-wrap: wrap; gap: 12px; align-items: center; padding: 8px; border-radius: 12px; background: var(--pbx-soft); min-height: 44px; }
      .agent .text { display: grid; flex: 1; min-width: 0; } .agent .title { font-size: 14px; line-height: 20px; font-weight: 500; } .agent .sub { font-size: 12px; line-height: 16px; color: var(--secondary-text-color); }
      .agent .avatar::after { display: none; }
      h4 { margin: 16px 0 0; font-size: 14px; line-height: 20px; font-weight: 500; color: var(--secondary-text-color); }
      ha-card:fullscreen { border-radius: 0; padding: 24px; overflow: auto; font-size: 1.2em; }
      ha-card:fullscreen .round.full { display: none; }
      ha-card:fullscreen .grid { grid-template-columns: repeat(auto-fit, minmax(min(440px, 100%), 1fr)); }
      ha-card:fullscreen h3 { font-size: 40px; line-height: 48px; } ha-card:fullscreen .top .account { font-size: 24px; line-height: 32px; }
      ha-card:fullscreen .figure.big b { font-size: 160px; line-height: 152px; } ha-card:fullscreen .figure b { font-size: 56px; line-height: 64px; }
      ha-card:fullscreen .figure span { font-size: 24px; line-height: 32px; } ha-card:fullscreen .callers li { font-size: 32px; line-height: 44px; }
      ha-card:fullscreen .agent .title { font-size: 24px; line-height: 32px; } ha-card:fullscreen .agent .sub { font-size: 18px; line-height: 24px; }
      ha-card:fullscreen .agent .round { display: none; }
    `,
  ];
  /** Whether what is shown belongs to more than one account. */
  private several = false;
  /** When a caller of those that are shown waits too long. */
  private turns: number[] = [];
  private timer = 0;

  constructor() {
    super();
    new Watch(this, ["queues", "agents", "calls", "accounts"]);
  }

  protected override render(): TemplateResult {
    const shown = this.shown.filter((account) => Object.keys(account.queues).length || Object.keys(account.agents).length);
    const queues = shown.flatMap((account) => Object.values(account.queues).map((queue) => ({ account, queue })));
    const agents = this.config.agents === false ? [] : shown.flatMap((account) => Object.values(account.agents).map((agent) => ({ account, agent })));
    const obstacle = this.obstacle(this.shown, 2);
    this.several = shown.length > 1;
    this.turns = [];
    return html`<ha-card>
      <div class="header">${icon("agents")}<h2>${this.config.title ?? this.word("queues")}</h2>
        ${document.fullscreenEnabled ? html`<button class="round bare full" title=${this.word("full_screen")} aria-label=${this.word("full_screen")} @click=${this.fill}>${drawn(mdiFullscreen)}</button>` : nothing}</div>
      ${this.notices(shown)}
      ${obstacle ?? html`
        ${queues.length || agents.length ? nothing : html`<div class="empty">${icon("agents")}<span>${this.word("no_queues")}</span></div>`}
        ${queues.length ? html`<div class="grid">${repeat(queues, ({ account, queue }) => key(account, queue.id), ({ account, queue }) => this.queue(account, queue))}</div>` : nothing}
        ${agents.length && queues.length ? html`<h4>${this.word("agents")}</h4>` : nothing}
        ${agents.length ? html`<div class="agents">${repeat(agents, ({ account, agent }) => key(account, agent.id), ({ account, agent }) => this.agent(account, agent))}</div>` : nothing}`}
    </ha-card>`;
  }

  /** Draw again when the next caller waits too long, also where nothing else happens. */
  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    clearTimeout(this.timer);
    const now = serverNow();
    const next = Math.min(...this.turns.filter((turn) => turn > now));
    if (this.isConnected && next < Infinity) this.timer = window.setTimeout(() => this.requestUpdate(), next - now + 1);
  }
  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.timer);
  }

  private queue(account: Account, queue: Queue): TemplateResult {
    const callers = Object.values(account.calls).filter((call) => isIn(call, queue) && waits(call)).sort((one, other) => since(one) - since(other));
    const waiting = queue.waiting ?? (callers.length || undefined);
    const first = callers.map(since).find(Boolean);
    const longest = first ? (serverNow() - first) / 1000 : queue.longest_wait;
    const limit = this.config.wait ?? 60;
    if (first) this.turns.push(...[limit, 2 * limit].map((seconds) => first + seconds * 1000));
    const late = waiting && longest !== undefined ? (longest >= 2 * limit ? "too" : longest >= limit ? "late" : "") : waiting === undefined ? "unknown" : "";
    const handled = (queue.answered ?? 0) + (queue.abandoned ?? 0) > 0 || (queue.answered === undefined && queue.abandoned === undefined);
    const level = handled ? queue.service_level : undefined;
    const good = this.config.service_level ?? 80;
    const quality = level === undefined ? "" : level < good - 15 ? "poor" : level < good ? "middling" : "";
    const figure = (text: string, value: unknown, more = ""): TemplateResult =>
      html`<div class="figure ${more}"><b>${value}</b><span class="cut">${text}</span></div>`;
    const members = Object.values(queue.members ?? {});
    const inside = queue.agents_logged_in ?? (members.length ? members.filter(Boolean).length : undefined);
    return html`<section class="queue ${late}" data-queue=${queue.id}>
      <div class="top"><h3 class="cut"><bdi>${queue.name || queue.number || queue.id}</bdi></h3>
        ${this.several ? html`<span class="account" style="--hue:${accountHue(account.id)}"><bdi class="cut">${accountName(account)}</bdi></span>` : nothing}</div>
      <div class="figures">
        ${figure(this.word("waiting"), waiting ?? "–", "big")}
        ${longest !== undefined && waiting ? figure(this.word("longest_wait"), first ? running(first) : clock(longest)) : nothing}
        ${inside !== undefined ? figure(this.word("agents"), queue.agents_available !== undefined ? `${queue.agents_available}/${inside}` : inside) : nothing}
        ${level !== undefined ? figure(this.word("in_time"), this.percent(level), quality) : nothing}
      </div>
      ${callers.length ? html`<ul class="callers">${callers.slice(0, 5).map((call) => this.caller(call))}</ul>` : nothing}
    </section>`;
  }

  /** Write percent as the user's language does. */
  private percent(value: number): string {
    return new Intl.NumberFormat(this.hass?.locale.language, { style: "percent" }).format(Math.round(value) / 100);
  }

  private caller(call: Call): TemplateResult {
    return html`<li>${icon("clock")}<span class="grow cut">${who(outside(call), this.word("hidden_number"))}</span>${running(since(call))}</li>`;
  }

  private agent(account: Account, agent: Agent): TemplateResult {
    const status = agent.status ?? (agent.logged_in === false ? "logged_out" : agent.paused ? "paused" : agent.logged_in ? "available" : "unavailable");
    const out = status === "logged_out" || agent.logged_in === false;
    const paused = agent.paused || status === "paused";
    const name = agent.name || agent.number || agent.id;
    const inside = Object.entries(agent.queues ?? {}).filter(([, logged]) => logged).map(([queue]) => Object.values(account.queues).find((one) => one.id === queue || one.number === queue)?.name ?? queue);
    const can = (command: string): boolean => account.can.includes(command);
    const button = (action: string, symbol: TemplateResult, word: Word): TemplateResult | typeof nothing =>
      can(action) ? html`<button class="round" title=${this.word(word)} aria-label="${this.word(word)}: ${name}" aria-disabled=${this.underWay.has(key(account, agent.id))} @click=${() => this.command(account, agent, action)}>${symbol}</button>` : nothing;
    return html`<div class="agent" data-agent=${agent.id} data-status=${status}>
      ${avatar(agent.name ?? "", agent.id, out ? undefined : LOOKS[status])}
      <span class="text"><span class="title cut"><bdi>${name}</bdi></span><span class="sub cut">${agentWord(this.hass, status)}${inside.length ? html` · <bdi>${inside.join(", ")}</bdi>` : nothing}${this.several ? html` · <bdi>${accountName(account)}</bdi>` : nothing}</span></span>
      ${out ? button("agent_login", drawn(mdiLogin, "flip"), "log_in") : html`${paused ? button("agent_unpause", icon("play", "flip"), "unpause") : button("agent_pause", icon("pause"), "pause")}${button("agent_logout", drawn(mdiLogout, "flip"), "log_out")}`}
    </div>`;
  }

  private command(account: Account, agent: Agent, action: string): Promise<void> {
    return this.during(key(account, agent.id), () => this.act(account, action, { agent: agent.id }));
  }

  private fill = (): void => {
    void this.renderRoot.querySelector("ha-card")?.requestFullscreen();
  };
}
