// As much of a browser as elements need that are made but not drawn; import it before any of them.
import { HTMLElement, customElements } from "@lit-labs/ssr-dom-shim";
import type { Hass } from "../src/hass";

class Observer {
  observe(): void {}
  disconnect(): void {}
}
Object.assign(globalThis, { window: globalThis, HTMLElement, customElements, ResizeObserver: Observer, IntersectionObserver: Observer });

/** What was asked of Home Assistant, and how to answer it. */
export interface Question {
  asked: Record<string, unknown>;
  answer(result: unknown): Promise<void>;
  refuse(message: string): Promise<void>;
}

/** Let all go on that waits for nothing but its turn. */
export const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
};

/** Return a Home Assistant of which every question is kept until the test answers it. */
export function house(questions: Question[]): Hass {
  const ask = (asked: Record<string, unknown>): Promise<unknown> =>
    new Promise((resolve, reject) => {
      questions.push({
        asked,
        answer: async (result) => { resolve(result); await turns(); },
        refuse: async (message) => { reject(new Error(message)); await turns(); },
      });
    });
  return {
    language: "en",
    locale: { language: "en" },
    entities: {},
    devices: {},
    connection: { subscribeMessage: () => new Promise(() => undefined), addEventListener: () => undefined },
    localize: () => "",
    loadBackendTranslation: () => Promise.resolve(),
    callWS: ask,
    callService: (_domain: string, action: string, data: Record<string, unknown>) => ask({ action, ...data }),
  } as unknown as Hass;
}
