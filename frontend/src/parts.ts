import { loadFinder } from "./later";

// The cards whose code comes when they are first shown, and which of them each view of the dashboard needs.
type Load = () => Promise<CustomElementConstructor>;

export const PARTS = {
  contacts: async () => (await import("./contacts-card")).ContactsCard,
  dial: async () => (await Promise.all([import("./dial-card"), loadFinder()]))[0].DialCard,
  list: async () => (await import("./list-card")).ListCard,
  phone: async () => (await import("./phone-card")).PhoneCard,
  phones: async () => (await import("./phones-card")).PhonesCard,
  queues: async () => (await import("./queues-card")).QueuesCard,
} satisfies Record<string, Load>;

const NEEDED: Record<string, (keyof typeof PARTS)[]> = {
  calls: ["dial", "list", "queues"], phones: ["phones"], queues: ["queues"], history: ["list"], contacts: ["contacts"],
};

/** Begin to load what the open view needs, while Home Assistant is still making it. */
export function preload(path: string): void {
  const view = path.split("/")[2] || "calls";
  for (const part of NEEDED[view] ?? []) void PARTS[part]().catch(() => undefined); // the card says why it is not there
}
