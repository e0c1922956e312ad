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
  name: string;
  /** What it is called in the words of the page, after the name of the integration. */
  said: Word;
  /** The kind of entity for which the editor suggests the card. */
  entity: string;
  element: CustomElementConstructor;
}

const ROWS = { columns: 12, min_columns: 6, rows: "auto" };

/** Return `hass` as the page has it now: with the language of whoever is signed in. */
const pageHass = (): Hass | undefined => document.querySelector<HTMLElement & { hass?: Hass }>("home-assistant")?.hass;

const card = (name: string, said: Word, entity: string, element: CustomElementConstructor): CardKind => ({ name, said, entity, element });
const CARDS = [
  card("calls", "live_calls", "active_calls", CallsCard),
  card("dial", "dial_pad", "", lazy("pbx-dial-pad", needed("dial"), ROWS)),
  card("phones", "phones", "active_calls", lazy("pbx-phones", needed("phones"), ROWS)),
  card("phone", "one_phone", "call_state", lazy("pbx-phone", needed("phone"), { ...ROWS, columns: 6 })),
  card("queues", "queues", "waiting_callers", lazy("pbx-queues-board", needed("queues"), ROWS)),
  card("list", "history", "last_call", lazy("pbx-list", needed("list"), ROWS)),
  card("contacts", "contacts", "", lazy("pbx-contacts", needed("contacts"), ROWS)),
];
const tagOf = ({ name }: CardKind): string => `pbx-${name}-card`;

function define(tag: string, element: CustomElementConstructor): void {
  if (!customElements.get(tag)) customElements.define(tag, element);
}

/** Say which configuration a card is suggested with for an entity, if it is. */
function suggestion(kind: CardKind, hass: Hass, entityId: string): Record<string, unknown> | null {
  const entry = hass.entities[entityId];
  if (!kind.entity || entry?.platform !== "pbx" || entry.translation_key !== kind.entity) return null;
  const device = kind.name === "phone" && entry.device_id ? { device: entry.device_id } : {};
  return { config: { type: `custom:${tagOf(kind)}`, ...device } };
}

window.customCards ??= [];
for (const kind of CARDS) {
  Object.assign(kind.element, {
    getStubConfig: () => ({ type: `custom:${tagOf(kind)}` }),
    getConfigForm: async () => (await import("./forms")).formOf(kind.name, pageHass()),
  });
  window.customCards.push({
    type: tagOf(kind), preview: true,
    get name() { return `PBX: ${word(pageHass(), kind.said)}`; },
    get description() { return this.name; },
    getEntitySuggestion: (hass: Hass, entityId: string) => suggestion(kind, hass, entityId),
  });
}
window.customBadges ??= [];
window.customBadges.push({ type: "pbx-status-badge", name: "PBX: Status", description: "How many calls ring, talk and wait", preview: false });
window.customStrategies ??= [];
window.customStrategies.push({
  type: "pbx", strategyType: "dashboard",
  get name() { return word(pageHass(), "phones"); },
  get description() { return word(pageHass(), "dashboard_description"); },
});

preload(location.pathname);
// Home Assistant's own script puts another registry in place of the browser's; what is defined before that is lost.
await customElements.whenDefined("home-assistant");
for (const [tag, element] of ELEMENTS) define(tag, element);
for (const kind of CARDS) define(tagOf(kind), kind.element);
define("pbx-status-badge", StatusBadge);
define("pbx-call-popup", CallPopup);
define("ll-strategy-dashboard-pbx", PhonesStrategy);
install();
for (const wait of [0, 1000]) setTimeout(retry, wait);
