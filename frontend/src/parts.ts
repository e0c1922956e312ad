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

/** Under which key the browser keeps which parts each page has shown. */
const KEPT = "pbx-parts";
type Part = keyof typeof PARTS;
type Kept = Record<string, Part[]>;

/** Return what was kept; nothing where the browser keeps nothing, or somebody else wrote there. */
function kept(): Kept {
  try {
    return Object.assign({}, JSON.parse(localStorage.getItem(KEPT) ?? "{}"));
  } catch {
    return {};
  }
}

/** Begin to load what a page has shown before, while Home Assistant is still making it. */
export function preload(path: string): void {
  for (const [part, load] of Object.entries(PARTS))
    if (kept()[path]?.includes?.(part as Part)) void load().catch(() => undefined); // the card says why it is not there
}

/** Return what loads a part, and notes that the page needs it. */
export const needed = (part: Part): Load => () => {
  const [pages, path] = [kept(), location.pathname];
  if (!pages[path]?.includes(part)) {
    pages[path] = [part].concat(pages[path] ?? []);
    try {
      localStorage.setItem(KEPT, JSON.stringify(pages));
    } catch {
      // the part is loaded when it is shown
    }
  }
  return PARTS[part]();
};
