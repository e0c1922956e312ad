// A dashboard that gave up before this script was there.

interface Board extends HTMLElement {
  lovelace?: { rawConfig?: { strategy?: { type?: string } }; config?: { views?: { path?: string; cards?: unknown[] }[] } };
}

/** Return the root of the dashboard that is open, in whatever shadow it is. */
function board(root: Document | ShadowRoot): Board | undefined {
  for (const element of root.querySelectorAll("*")) {
    if (element.localName === "hui-root") return element as Board;
    const found = element.shadowRoot && board(element.shadowRoot);
    if (found) return found;
  }
  return undefined;
}

/**
 * Let Home Assistant make our dashboard again where it shows an error in its place: it waits for a strategy for five
 * seconds only, which a slow device or a slow connection may need for the script alone.
 */
export function retry(): void {
  const open = board(document);
  const type = open?.lovelace?.rawConfig?.strategy?.type;
  const [first] = open?.lovelace?.config?.views ?? [];
  // Our own views have a path and sections; that of the error has neither.
  if (type === "custom:pbx" && first?.cards && !first.path) open!.dispatchEvent(new CustomEvent("config-refresh"));
}
