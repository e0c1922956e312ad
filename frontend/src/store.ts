// One subscription for the page, whatever the number of cards; each card hears only of its slices.
import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { Connection } from "./hass";
import { nothing, take, type Account, type Message, type Slice } from "./model";

type Listener = () => void;

class Store {
  readonly known = nothing();
  /** Whether anything was told yet. */
  ready = false;
  /** Why nothing can be told; Home Assistant's own words. */
  refusal: unknown;
  private readonly listeners = new Map<Listener, readonly Slice[]>();
  private connected?: Connection;

  get accounts(): Account[] {
    return [...this.known.accounts.values()];
  }

  connect(connection: Connection): void {
    if (this.connected === connection) return;
    this.connected = connection;
    connection
      .subscribeMessage<Message>((message) => this.take(message), { type: "pbx/subscribe" })
      .catch((refusal: unknown) => {
        this.connected = undefined;
        this.ready = true;
        this.refusal = refusal;
        this.tell(["accounts"]);
      });
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
  }
  hostDisconnected(): void {
    this.stop?.();
  }
}
