// One subscription for the page, whatever the number of cards; each card hears only of its slices.
import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { Connection } from "./hass";
import { nothing, take, type Account, type Message, type Slice } from "./model";

type Listener = () => void;

/** How often to try before the reason for a failure is shown. */
const PATIENCE = 4;
/**
 * When to subscribe once more after the connection was lost: until then elements of others may end subscriptions of
 * the connection before, whose ids are anybody's in this one.
 */
const SETTLED = 5000;

class Store {
  readonly known = nothing();
  /** Whether anything was told yet. */
  ready = false;
  /** Why nothing can be told; Home Assistant's own words. */
  refusal: unknown;
  private readonly listeners = new Map<Listener, readonly Slice[]>();
  private connected?: Connection;
  private turn = 0;
  /** Ends the subscription of this connection. */
  private stop?: () => Promise<void>;

  get accounts(): Account[] {
    return [...this.known.accounts.values()];
  }

  connect(connection: Connection): void {
    if (this.connected === connection) return;
    this.connected = connection;
    connection.addEventListener("ready", () => {
      this.stop = undefined;
      void this.subscribe(connection);
      setTimeout(() => void this.subscribe(connection), SETTLED);
    });
    void this.subscribe(connection);
  }

  /**
   * Subscribe, now and whenever the connection is there again, until it succeeds. After a restart the page may be
   * quicker than the integration, and Home Assistant's own way to subscribe again would give up then.
   */
  private async subscribe(connection: Connection, failures = 0): Promise<void> {
    const turn = ++this.turn;
    const current = (): boolean => turn === this.turn;
    try {
      const stop = await connection.subscribeMessage<Message>((message) => { if (current()) this.take(message); }, { type: "pbx/subscribe" }, { resubscribe: false });
      this.stop?.().catch(() => undefined); // somebody else may have ended it
      this.stop = stop;
    } catch (refusal) {
      if (!current()) return;
      if (failures >= PATIENCE) {
        this.ready = true;
        this.refusal = refusal;
        this.tell(["accounts"]);
      }
      setTimeout(() => { if (current()) void this.subscribe(connection, failures + 1); }, 1000);
    }
  }

  listen(slices: readonly Slice[], listener: Listener): () => void {
    this.listeners.set(listener, slices);
    return () => this.listeners.delete(listener);
  }

  private take(message: Message): void {
    this.ready = true;
    this.refusal = undefined;
    this.tell(take(this.known, message));
  }

  private tell(changed: readonly Slice[]): void {
    for (const [listener, slices] of [...this.listeners]) {
      if (slices.some((slice) => changed.includes(slice))) listener();
    }
  }
}

export const store = new Store();

/** Return what time it is where the calls are told, in milliseconds; a browser's own clock may be wrong. */
export const serverNow = (): number => Date.now() + store.known.behind;

/** Return the name of an account as short as it can be told from the others: without what stands in brackets behind it. */
export function accountName(account: Account): string {
  const short = shortened(account.title);
  return store.accounts.some((one) => one.id !== account.id && shortened(one.title) === short) ? account.title : short;
}

const shortened = (title: string): string => title.replace(/\s*\([^()]*\)$/, "") || title;

/** So far apart that two accounts are told apart; after six they come again. */
const HUES = [205, 25, 285, 140, 340, 55];

/** Return the hue, in degrees, in which an account is marked wherever there are several. */
export function accountHue(id: string): number {
  const ids = [...store.known.accounts.keys()].sort();
  return HUES[Math.max(0, ids.indexOf(id)) % HUES.length]!;
}

/** Let an element render when its slices change. */
export class Watch implements ReactiveController {
  private stop?: () => void;

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly slices: readonly Slice[],
  ) {
    host.addController(this);
  }
  hostConnected(): void {
    this.stop = store.listen(this.slices, () => this.host.requestUpdate());
    this.host.requestUpdate(); // it may have been away, as the cards of a view that is not shown
  }
  hostDisconnected(): void {
    this.stop?.();
  }
}
