/**
 * What a page or a worker of a browser knows about its network. Elsewhere there
 * is nothing to know, and nothing happens.
 *
 * @module
 */

/** The parts of a page that this needs; Deno's types lack some of them. */
interface Page {
  readonly navigator?: { readonly onLine?: boolean };
  readonly document?: { readonly visibilityState: string };
}

const page = globalThis as Page;

const EVENTS = ["online", "offline", "visibilitychange"] as const;

/** Returns whether the browser says that there is no network. */
export function isOffline(): boolean {
  return page.navigator?.onLine === false;
}

/** Returns whether somebody may look at the page, as far as is known. */
export function isVisible(): boolean {
  return page.document?.visibilityState !== "hidden";
}

/**
 * Calls `onChange` when one of the two may have changed, until the returned
 * function is called.
 */
export function watchPage(onChange: () => void): () => void {
  // Other platforms have the listeners, but never these events.
  if (page.navigator?.onLine === undefined) return () => {};
  for (const event of EVENTS) globalThis.addEventListener(event, onChange);
  return () => {
    for (const event of EVENTS) globalThis.removeEventListener(event, onChange);
  };
}
