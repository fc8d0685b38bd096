/**
 * The HTTP request by which a peer opened a WebSocket. A copy, which stays
 * valid. The peer wrote its content, which proves nothing.
 */
export interface UpgradeRequest {
  /** The path and the query. */
  readonly target: string;
  /** The headers, including `origin` and `host`. */
  readonly headers: Headers;
  /** The cookies by name, not decoded. */
  readonly cookies: ReadonlyMap<string, string>;
}

/**
 * Returns the cookies of a request. The first of several with one name counts.
 */
export function cookiesIn(headers: Headers): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>();
  for (const pair of headers.get("cookie")?.split(";") ?? []) {
    const at = pair.indexOf("=");
    if (at < 0) continue;
    const name = pair.slice(0, at).trim();
    if (!cookies.has(name)) cookies.set(name, pair.slice(at + 1).trim());
  }
  return cookies;
}
