/** The content of a request that is a call. */
export type CallContent = readonly [
  path: string,
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
];

/** Whether the content of a request is a call. */
export function isCall(content: unknown): content is CallContent {
  return Array.isArray(content) && content.length === 3 &&
    typeof content[0] === "string" && Array.isArray(content[1]) &&
    isRecord(content[2]);
}

/**
 * Whether each part of a path could be the name of a service or method. Other
 * paths are refused before middleware runs, because middleware might confuse
 * them with a valid path.
 */
export function isServicePath(path: string): boolean {
  for (let start = 0; start <= path.length;) {
    if (path.charCodeAt(start) === DOLLAR) return false;
    const slash = path.indexOf("/", start);
    const end = slash === -1 ? path.length : slash;
    if (end === start) return false;
    start = end + 1;
  }
  return true;
}

const DOLLAR = 0x24;

/** Whether a value is an object and not an array. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
