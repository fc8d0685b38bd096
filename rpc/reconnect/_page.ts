/**
 * Network and visibility state of a page or worker in a browser. On other
 * platforms the functions return constants and no event is ever reported.
 *
 * @module
 */

/**
 * The members of a page that this file uses; Deno's types lack some of them.
 */
interface Page {
  readonly navigator?: { readonly onLine?: boolean };
  readonly document?: { readonly visibilityState: string };
}

const page = globalThis as Page;

const EVENTS = ["online", "offline", "visibilitychange"] as const;

/** Returns whether the browser reports that there is no network. */
export function isOffline(): boolean {
  return page.navigator?.onLine === false;
}

/** Returns whether the page may be visible; `true` if that is unknown. */
export function isVisible(): boolean {
  return page.document?.visibilityState !== "hidden";
}

/**
 * Calls `onChange` when the network or the visibility may have changed, until
 * the returned function is called.
 */
export function watchPage(onChange: () => void): () => void {
  // Other platforms have `addEventListener`, but never fire these events.
  if (page.navigator?.onLine === undefined) return () => {};
  for (const event of EVENTS) globalThis.addEventListener(event, onChange);
  return () => {
    for (const event of EVENTS) globalThis.removeEventListener(event, onChange);
  };
}
