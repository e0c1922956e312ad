// The editors' forms: their code comes when somebody edits a card.
import type { Hass } from "./hass";
import { word, type Word } from "./words";

type Field = Record<string, unknown>;

const ACCOUNT = { name: "account", selector: { config_entry: { integration: "pbx" } } };
const TITLE = { name: "title", selector: { text: {} } };
const flag = (name: string): Field => ({ name, selector: { boolean: {} } });
const count = (name: string, min: number, max: number, unit?: string): Field => ({
  name,
  selector: { number: { min, max, mode: "box", ...(unit && { unit_of_measurement: unit }) } },
});
/** What the fields are called. */
const LABELS: Record<string, Word> = {
  account: "form_account", agents: "form_agents", device: "form_device", group: "form_group", keys: "form_keys", limit: "form_limit",
  service_level: "form_service_level", short: "form_short", title: "form_title", wait: "form_wait",
};

/** Return what can be chosen of each kind of card, by what comes after `pbx-` in its name. */
const fieldsOf = (said: (key: Word) => string): Record<string, Field[]> => ({
  calls: [TITLE, ACCOUNT],
  contacts: [TITLE],
  dial: [TITLE, ACCOUNT, flag("keys")],
  list: [TITLE, ACCOUNT, count("limit", 1, 100), flag("short")],
  phone: [TITLE, { name: "device", selector: { device: { integration: "pbx" } } }],
  phones: [TITLE, ACCOUNT, {
    name: "group",
    selector: { select: { mode: "dropdown", options: [
      { value: "account", label: said("group_account") }, { value: "area", label: said("group_area") }, { value: "none", label: said("group_none") },
    ] } },
  }],
  queues: [TITLE, ACCOUNT, count("wait", 5, 3600, "s"), count("service_level", 0, 100, "%"), flag("agents")],
});

/** Return the form of a kind of card, in the language of whoever is signed in. */
export function formOf(kind: string, hass: Hass | undefined): Record<string, unknown> {
  const said = (key: Word): string => word(hass, key);
  return {
    schema: fieldsOf(said)[kind],
    computeLabel: ({ name }: { name: string }) => said(LABELS[name]!),
    // The form has room for one account: several are written in YAML.
    assertConfig: ({ account }: { account?: unknown }) => { if (Array.isArray(account)) throw new Error("account"); },
  };
}
