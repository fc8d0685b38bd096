import { isCall } from "../../rpc/internal.ts";

/** A call of a method, or of an extension, as its request says. */
export interface RpcWords {
  readonly path: string;
  readonly args: readonly unknown[];
}

/** Requests that RPC makes on its own, which no code of the user awaits. */
const OWN: ReadonlySet<string> = new Set([
  "$/hello",
  "$/ping",
  "$/cancel",
  "$/keep",
  "$/release",
  "$/next",
  "$/return",
]);

/** Reads the content of a request; `null` if it is no call. Pure. */
export function readWords(content: unknown): RpcWords | null {
  if (!isCall(content)) return null;
  const [path, args] = content;
  if (path === "$/call" && isCall(args.slice(0, 3))) {
    return { path: args[0] as string, args: args[1] as unknown[] };
  }
  return { path, args };
}

/** Whether RPC makes such a call on its own. */
export function isOwn(words: RpcWords | null): boolean {
  return words !== null && OWN.has(words.path);
}

/**
 * The paths that begin with `prefix` among the references and streams in a
 * content as it goes over the wire.
 */
export function pathsIn(content: unknown, prefix: string): string[] {
  const paths: string[] = [];
  const left: unknown[] = [content];
  while (left.length > 0) {
    const value = left.pop();
    if (!isContainer(value)) continue;
    if (!Array.isArray(value) && "__type__" in value) {
      const path = Array.isArray(value.__type__) ? value.__type__[1] : null;
      if (typeof path === "string" && path.startsWith(prefix)) paths.push(path);
    }
    for (const each of Object.values(value)) left.push(each);
  }
  return paths;
}

function isContainer(
  value: unknown,
): value is unknown[] | Record<string, unknown> {
  return typeof value === "object" && value !== null &&
    !ArrayBuffer.isView(value);
}
