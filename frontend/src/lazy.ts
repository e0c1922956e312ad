// A card whose code comes when it is first shown: what stands on every page stays small.
import type { Hass } from "./hass";
import { word } from "./words";

interface Card extends HTMLElement {
  hass?: Hass;
  setConfig(config: Record<string, unknown>): void;
}

/** Return a class of cards that draw what the loaded one draws. */
export function lazy(tag: string, load: () => Promise<CustomElementConstructor>, rows: Record<string, unknown>): CustomElementConstructor {
  return class extends HTMLElement {
    private card?: Card;
    private config?: Record<string, unknown>;
    private current?: Hass;

    setConfig(config: Record<string, unknown>): void {
      this.config = config;
      this.card?.setConfig(config);
    }
    set hass(hass: Hass) {
      this.current = hass;
      if (this.card) this.card.hass = hass;
    }
    getCardSize(): number {
      return 6;
    }
    getGridOptions(): Record<string, unknown> {
      return rows;
    }
    connectedCallback(): void {
      this.style.display = "block";
      this.style.height = "100%";
      if (!this.card) void this.fill();
    }
    private async fill(): Promise<void> {
      let element;
      try {
        element = await load();
      } catch {
        this.tellOutdated();
        return;
      }
      if (!customElements.get(tag)) customElements.define(tag, element);
      if (this.card) return;
      this.card = document.createElement(tag) as Card;
      this.card.setConfig(this.config ?? {});
      if (this.current) this.card.hass = this.current;
      this.append(this.card);
    }
    /** After an update the parts of the older version, to which an open page still belongs, are gone. */
    private tellOutdated(): void {
      const card = document.createElement("ha-card");
      card.setAttribute("role", "alert");
      card.style.padding = "16px";
      card.textContent = word(this.current, "reload_page");
      this.replaceChildren(card);
    }
  };
}
