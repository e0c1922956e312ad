// The part of Home Assistant's user interface that is used here; it is what custom cards are promised.
export interface Connection {
  subscribeMessage<T>(
    callback: (message: T) => void,
    message: Record<string, unknown>,
    options?: { resubscribe?: boolean },
  ): Promise<() => Promise<void>>;
  addEventListener(type: "ready", listener: () => void): void;
}

export interface EntityEntry {
  entity_id: string;
  platform?: string;
  device_id?: string;
  translation_key?: string;
}

export interface DeviceEntry {
  id: string;
  name: string | null;
  name_by_user?: string | null;
  area_id?: string | null;
  config_entries: string[];
}

export interface Hass {
  connection: Connection;
  language: string;
  locale: { language: string; time_format?: string; time_zone?: string };
  config?: { time_zone: string };
  user: { id: string; name: string; is_admin: boolean };
  entities: Record<string, EntityEntry>;
  devices: Record<string, DeviceEntry>;
  areas?: Record<string, { area_id: string; name: string }>;
  localize(key: string, values?: Record<string, unknown>): string;
  loadBackendTranslation(category: string, integration: string): Promise<unknown>;
  callWS<T>(message: Record<string, unknown>): Promise<T>;
  callService(
    domain: string,
    service: string,
    data?: Record<string, unknown>,
    target?: Record<string, unknown>,
    notifyOnError?: boolean,
    returnResponse?: boolean,
  ): Promise<unknown>;
}

/** What Home Assistant answers when it refuses. */
export interface Refusal {
  message?: string;
  code?: unknown;
  /** Words, or the refusal itself. */
  error?: string | Refusal;
  translation_key?: string | null;
  translation_placeholders?: Record<string, string> | null;
}

declare global {
  interface Window {
    customCards?: Record<string, unknown>[];
    customBadges?: Record<string, unknown>[];
    customStrategies?: Record<string, unknown>[];
    /** How often each kind of element was rendered, for measurements. */
    pbxRenders?: Record<string, number>;
  }
}
