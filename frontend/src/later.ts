// Elements that cards use only when somebody wants them: their code comes then.

/** Make `pbx-saver` known to the page: the form that takes a number into the phone book. */
export async function loadSaver(): Promise<void> {
  const { Saver } = await import("./saver-form");
  if (!customElements.get("pbx-saver")) customElements.define("pbx-saver", Saver);
}

/** Make `pbx-finder` known to the page: the field for a number or a name. */
export async function loadFinder(): Promise<void> {
  const { Finder } = await import("./finder");
  if (!customElements.get("pbx-finder")) customElements.define("pbx-finder", Finder);
}
