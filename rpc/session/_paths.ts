import type { IncomingRequest } from "../../channel/request.ts";
import { isCall } from "../references/_call_content.ts";
import {
  REFERENCE_PREFIX,
  type References,
} from "../references/_references.ts";
import type { ServedCalls } from "../serving/_served_calls.ts";
import {
  type OutgoingStreams,
  sendBatch,
} from "../streams/_outgoing_streams.ts";
import type { Hello } from "./_hello.ts";

/** The prefix of the paths that belong to the extensions. */
const PREFIX = "$/";

/** The parts of a session that serve `$/` paths. */
export interface SessionParts {
  readonly hello: Hello;
  readonly references: References;
  readonly served: ServedCalls;
  readonly streams: OutgoingStreams;
}

/** The result of an {@linkcode ExtensionPath} that answers by itself. */
export const ANSWERED_ELSEWHERE: unique symbol = Symbol("answered elsewhere");

/** How requests to one `$/` path are treated. */
export interface ExtensionPath {
  /**
   * Serves a request. The reply is what this returns, or its promise resolves
   * to, unless that is {@linkcode ANSWERED_ELSEWHERE}. An error is sent as a
   * failure.
   */
  serve(
    parts: SessionParts,
    args: readonly unknown[],
    request: IncomingRequest,
  ): unknown;
  /**
   * Whether such requests steer other calls. They are accepted where a limit
   * refuses calls, up to twice that limit.
   */
  readonly isControl: boolean;
  /**
   * Returns whether such a request is safe before the peer is admitted: it
   * reaches only what this side has passed to the peer.
   */
  isHarmless(args: readonly unknown[]): boolean;
}

/** A path whose requests steer other calls, and reach nothing else. */
function control(serve: ExtensionPath["serve"]): ExtensionPath {
  return { serve, isControl: true, isHarmless: () => true };
}

/**
 * Every `$/` path that a session serves. A key that ends with `/` stands for
 * all paths below it. Requests to any other `$/` path fail.
 */
const PATHS: ReadonlyMap<string, ExtensionPath> = new Map<
  string,
  ExtensionPath
>([
  ["$/hello", control(({ hello }, [content]) => hello.take(content))],
  ["$/ping", control(() => null)],
  ["$/keep", control(({ references }, [key]) => references.keep(toKey(key)))],
  [
    "$/release",
    control(({ references }, [key]) => references.release(toKey(key))),
  ],
  ["$/next", control(serveNext)],
  ["$/return", control(({ streams }, [key]) => streams.return(toKey(key)))],
  ["$/cancel", control(({ served }, [id]) => served.cancel(toKey(id)))],
  ["$/idempotent", control(({ served }, [path]) => served.isIdempotent(path))],
  ["$/call", {
    serve({ served }, args, request) {
      served.serveExtended(request, args);
      return ANSWERED_ELSEWHERE;
    },
    isControl: false,
    isHarmless: ([path]) => isReference(path),
  }],
  [REFERENCE_PREFIX, {
    serve({ served }, _args, request) {
      if (isCall(request.content)) served.serve(request, request.content);
      return ANSWERED_ELSEWHERE;
    },
    isControl: false,
    isHarmless: () => true,
  }],
]);

/** Returns whether a path belongs to the extensions. */
export function isExtensionPath(path: string): boolean {
  return path.startsWith(PREFIX);
}

/** Returns how a path that belongs to the extensions is treated, if it exists. */
export function extensionPath(path: string): ExtensionPath | undefined {
  const slash = path.indexOf("/", PREFIX.length);
  return PATHS.get(slash === -1 ? path : path.slice(0, slash + 1));
}

/** Returns whether a request, revived or not, steers other calls. */
export function isControl(content: unknown): boolean {
  return isCall(content) && isExtensionPath(content[0]) &&
    extensionPath(content[0])?.isControl === true;
}

/** Returns whether a request, revived or not, is safe before admission. */
export function isHarmless(content: unknown): boolean {
  return isCall(content) && isExtensionPath(content[0]) &&
    extensionPath(content[0])?.isHarmless(content[1]) === true;
}

async function serveNext(
  { streams }: SessionParts,
  [key, consumed]: readonly unknown[],
  request: IncomingRequest,
): Promise<typeof ANSWERED_ELSEWHERE> {
  const send = (batch: Parameters<typeof sendBatch>[1]) =>
    sendBatch(request, batch);
  await streams.next(toKey(key), toKey(consumed), send);
  return ANSWERED_ELSEWHERE;
}

function isReference(path: unknown): boolean {
  return typeof path === "string" && path.startsWith(REFERENCE_PREFIX);
}

/** Returns a key or id that the other side sent, or `NaN`. */
function toKey(value: unknown): number {
  return typeof value === "number" ? value : NaN;
}
