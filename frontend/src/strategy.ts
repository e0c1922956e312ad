// A whole dashboard made of what there is: nobody writes YAML, and a new phone needs no edit.
import type { EntityEntry, Hass } from "./hass";
import { loadWords, word, type Word } from "./words";

type Json = Record<string, unknown>;

export interface StrategyConfig {
  type: string;
  /** Only these accounts, by the ids of their config entries. */
  accounts?: string | string[];
  /** Which views, and in which order. */
  views?: string | string[];
  /** How many columns a view has at most. */
  columns?: number;
}

interface Seen {
  id: string;
  title: string;
  keys: Set<string>;
}

/** Return the accounts of which there are devices, by their titles. */
function accountsOf(hass: Hass, wanted: string[]): Seen[] {
  const found = new Map<string, Seen>();
  for (const entry of Object.values(hass.entities) as EntityEntry[]) {
    if (entry.platform !== "pbx" || !entry.device_id) continue;
    const device = hass.devices[entry.device_id];
    for (const id of device?.config_entries ?? []) {
      if (wanted.length && !wanted.includes(id)) continue;
      const seen = found.get(id) ?? { id, title: "", keys: new Set<string>() };
      if (entry.translation_key) seen.keys.add(entry.translation_key);
      if (entry.translation_key === "active_calls") seen.title = device?.name_by_user ?? device?.name ?? id;
      found.set(id, seen);
    }
  }
  return [...found.values()].sort((one, other) => one.title.localeCompare(other.title));
}

export class PhonesStrategy extends HTMLElement {
  static async generate(config: StrategyConfig, hass: Hass): Promise<Json> {
    loadWords(hass);
    const localize = await hass.loadBackendTranslation("common", "pbx").catch(() => undefined);
    const words = typeof localize === "function" ? ({ ...hass, localize } as Hass) : hass;
    const chosen = [config.accounts ?? []].flat();
    const all = accountsOf(hass, chosen);
    const callCenter = all.some((seen) => seen.keys.has("agent_status") || seen.keys.has("waiting_callers"));
    // Those that are gone are left out, but where all are: then there is nothing to show.
    const ids = all.length ? all.map((seen) => seen.id) : chosen;
    const only = chosen.length ? { account: ids.length > 1 ? ids : ids[0] } : {};
    const columns = config.columns ?? 3;
    const full = { grid_options: { columns: "full" } };
    const card = (type: string, more: Json = {}): Json => ({ type: `custom:pbx-${type}-card`, ...only, ...more });
    const section = (cards: Json[], more: Json = {}): Json => ({ type: "grid", cards, ...more });
    const view = (path: Word, icon: string, sections: Json[], more: Json = {}): Json => ({
      title: word(words, path), path, icon, type: "sections", max_columns: columns, sections, ...more,
    });
    const wide = Math.max(1, columns - 1);
    const views: Record<string, Json | undefined> = {
      calls: view(
        "calls",
        "mdi:phone-in-talk",
        [
          section([card("calls", full), card("list", { short: true, ...full })], { column_span: wide }),
          section([card("dial"), ...(callCenter ? [card("queues", { agents: false })] : [])]),
        ],
        { badges: [{ type: "custom:pbx-status-badge", ...only }] },
      ),
      phones: view("phones", "mdi:deskphone", [section([card("phones", full)], { column_span: columns })]),
      queues: callCenter ? view("queues", "mdi:account-multiple", [section([card("queues", full)], { column_span: columns })]) : undefined,
      history: view("history", "mdi:history", [section([card("list", full)], { column_span: columns })]),
      contacts: view("contacts", "mdi:contacts", [section([card("contacts", full)], { column_span: columns })]),
    };
    const wanted = config.views?.length ? [config.views].flat() : Object.keys(views);
    return { title: word(words, "phones"), views: wanted.map((name) => views[name]).filter(Boolean) };
  }

  static getCreateSuggestions(): Json {
    return { title: "Phones", icon: "mdi:phone", url_path: "pbx-phones" };
  }
}
