/**
 * The pages that may open a WebSocket: those of the server's own origin, any
 * page, or a list of origins such as `"https://app.example"`. `*` as the first
 * label stands for any number of labels: `"https://*.app.example"`.
 */
export type Origins = "same" | "any" | readonly string[];

/**
 * Checks a list of origins.
 *
 * @throws {TypeError} If an entry is not an origin.
 */
export function checkOrigins(origins: Origins): void {
  if (typeof origins === "string") {
    if (origins === "same" || origins === "any") return;
    throw new TypeError(
      `Cannot use 'origins': it is '${origins}', wanted 'same', 'any' or a list`,
    );
  }
  for (const origin of origins) {
    const plain = origin.replace("//*.", "//");
    if (!plain.includes("*") && URL.parse(plain)?.origin === plain) continue;
    throw new TypeError(
      `Cannot use 'origins': '${origin}' is none, write it as 'https://app.example', without a path`,
    );
  }
}

/**
 * Returns whether a page of `origin` may open a WebSocket to `host`. Both are
 * headers of its request. Browsers always send `Origin` (RFC 6455, 10.2), so a
 * client without it is not a page. Such a client could send any origin.
 */
export function isAllowed(
  origin: string | null,
  host: string | null,
  origins: Origins,
): boolean {
  if (origin === null || origins === "any") return true;
  const page = URL.parse(origin);
  // A sandboxed page sends the word 'null'.
  if (page === null || page.origin === "null") return false;
  if (origins !== "same") return origins.some((it) => matches(page, it));
  // Default ports are those of the page's scheme.
  const own = host === null ? null : URL.parse(`${page.protocol}//${host}`);
  return own !== null && own.username === "" && own.pathname === "/" &&
    own.search === "" && own.hash === "" && own.host === page.host;
}

function matches(page: URL, origin: string): boolean {
  const wild = /^([a-z]+:\/\/)\*(\..+)$/.exec(origin);
  if (wild === null) return page.origin === origin;
  const [, scheme, rest] = wild as unknown as [string, string, string];
  const { origin: whole } = page;
  return whole.startsWith(scheme) && whole.endsWith(rest) &&
    whole.length > scheme.length + rest.length;
}
