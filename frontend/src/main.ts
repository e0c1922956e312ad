// Where Home Assistant loads us: as a module of every page, and as a resource of dashboards; the same file, run once.
import { ELEMENTS } from "./base";
import { CallsCard } from "./calls-card";
import type { Hass } from "./hass";
import { lazy } from "./lazy";
import { needed, preload } from "./parts";
import { CallPopup, install } from "./popup";
import { StatusBadge } from "./status-badge";
import { retry } from "./retry";
import { PhonesStrategy } from "./strategy";
import { word, type Word } from "./words";

interface CardKind {
  tag: string;
  element: CustomElementConstructor;
  /** In the words of the page, after the name of the integration. */
  name: Word;
  /** The kind of entity for which the editor suggests the card. */
  entity: string;
  form: Record<string, unknown>[];
  rows?: Record<string, unknown>;
}

const ACCOUNT = { name: "account", selector: { config_entry: { integration: "pbx" } } };
const TITLE = { name: "title", selector: { text: {} } };
const flag = (name: string): Record<string, unknown> => ({ name, selector: { boolean: {} } });
const count = (name: string, min: number, max: number, unit?: string): Record<string, unknown> => ({
  name,
  selector: { number: { min, max, mode: "box", ...(unit && { unit_of_measurement: unit }) } },
});
const ROWS = { columns: 12, min_columns: 6, rows: "auto" };

/** Return a word in the language of whoever is signed in, when it is asked for. */
const said = (key: Word): string => word(document.querySelector<HTMLElement & { hass?: Hass }>("home-assistant")?.hass, key);
const choice = (value: string, key: Word): Record<string, unknown> => ({ value, get label() { return said(key); } });
const GROUPS = [choice("account", "group_account"), choice("area", "group_area"), choice("none", "group_none")];
/** What the fields of the editors are called. */
const LABELS: Record<string, Word> = {
  account: "form_account", agents: "form_agents", device: "form_device", group: "form_group", keys: "form_keys", limit: "form_limit",
  service_level: "form_service_level", short: "form_short", title: "form_title", wait: "form_wait",
};

const CARDS: CardKind[] = [
  { tag: "pbx-calls-card", element: CallsCard, name: "live_calls", entity: "active_calls", form: [TITLE, ACCOUNT] },
  {
    tag: "pbx-dial-card", name: "dial_pad", entity: "",
    element: lazy("pbx-dial-pad", needed("dial"), ROWS),
    form: [TITLE, ACCOUNT, flag("keys")],
  },
  {
    tag: "pbx-phones-card", name: "phones", entity: "active_calls",
    element: lazy("pbx-phones", needed("phones"), ROWS),
    form: [TITLE, ACCOUNT, { name: "group", selector: { select: { mode: "dropdown", options: GROUPS } } }],
  },
  {
    tag: "pbx-phone-card", name: "one_phone", entity: "call_state",
    element: lazy("pbx-phone", needed("phone"), { ...ROWS, columns: 6 }),
    form: [TITLE, { name: "device", selector: { device: { integration: "pbx" } } }],
  },
  {
    tag: "pbx-queues-card", name: "queues", entity: "waiting_callers",
    element: lazy("pbx-queues-board", needed("queues"), ROWS),
    form: [TITLE, ACCOUNT, count("wait", 5, 3600, "s"), count("service_level", 0, 100, "%"), flag("agents")],
  },
  {
    tag: "pbx-list-card", name: "history", entity: "last_call",
    element: lazy("pbx-list", needed("list"), ROWS),
    form: [TITLE, ACCOUNT, count("limit", 1, 100), flag("short")],
  },
  {
    tag: "pbx-contacts-card", name: "contacts", entity: "",
    element: lazy("pbx-contacts", needed("contacts"), ROWS),
    form: [TITLE],
  },
];

function define(tag: string, element: CustomElementConstructor): void {
  if (!customElements.get(tag)) customElements.define(tag, element);
}

/** Say which configuration a card is suggested with for an entity, if it is. */
function suggestion(kind: CardKind, hass: Hass, entityId: string): Record<string, unknown> | null {
  const entry = hass.entities[entityId];
  if (!kind.entity || entry?.platform !== "pbx" || entry.translation_key !== kind.entity) return null;
  const device = kind.tag === "pbx-phone-card" && entry.device_id ? { device: entry.device_id } : {};
  return { config: { type: `custom:${kind.tag}`, ...device } };
}

window.customCards ??= [];
for (const kind of CARDS) {
  Object.assign(kind.element, {
    getStubConfig: () => ({ type: `custom:${kind.tag}` }),
    getConfigForm: () => ({
      schema: kind.form,
      computeLabel: ({ name }: { name: string }) => said(LABELS[name] ?? name),
      // The form has room for one account: several are written in YAML.
      assertConfig: ({ account }: { account?: unknown }) => { if (Array.isArray(account)) throw new Error("account"); },
    }),
  });
  window.customCards.push({
    type: kind.tag, preview: true,
    get name() { return `PBX: ${said(kind.name)}`; },
    get description() { return this.name; },
    getEntitySuggestion: (hass: Hass, entityId: string) => suggestion(kind, hass, entityId),
  });
}
window.customBadges ??= [];
window.customBadges.push({ type: "pbx-status-badge", name: "PBX: Status", description: "How many calls ring, talk and wait", preview: false });
window.customStrategies ??= [];
window.customStrategies.push({
  type: "pbx", strategyType: "dashboard", 
  get name() { return said("phones"); },
  get description() { return said("dashboard_description"); },
});

preload(location.pathname);
// Home Assistant's own script puts another registry in place of the browser's; what is defined before that is lost.
await customElements.whenDefined("home-assistant");
for (const [tag, element] of ELEMENTS) define(tag, element);
for (const kind of CARDS) define(kind.tag, kind.element);
define("pbx-status-badge", StatusBadge);
define("pbx-call-popup", CallPopup);
define("ll-strategy-dashboard-pbx", PhonesStrategy);
install();
for (const wait of [0, 1000]) setTimeout(retry, wait);
