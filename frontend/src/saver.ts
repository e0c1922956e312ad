// The form that takes a number into the phone book; its code comes when somebody wants it.

/** Make `pbx-saver` known to the page. */
export async function loadSaver(): Promise<void> {
  const { Saver } = await import("./saver-form");
  if (!customElements.get("pbx-saver")) customElements.define("pbx-saver", Saver);
}
