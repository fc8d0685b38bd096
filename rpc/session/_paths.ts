import type { IncomingRequest } from "../../channel/request.ts";
import { isCall, isRecord } from "../references/_call_content.ts";
import {
  REFERENCE_PREFIX,
  type References,
} from "../references/_references.ts";
import { RESULT_PREFIX } from "../references/_piped_argument.ts";
import type { ServedCalls } from "../serving/_served_calls.ts";
import {
  type OutgoingStreams,
  sendBatch,
} from "../streams/_outgoing_streams.ts";
import type { Closing } from "./_closing.ts";
import type { Heartbeat } from "./_heartbeat.ts";
import type { Hello } from "./_hello.ts";

/** The path of a call with a deadline, or with data for the middleware. */
export const EXTENDED_CALL = "$/call";

/** The parts of a session that control requests steer. */
interface SteeredParts {
  readonly heartbeat: Heartbeat;
  readonly hello: Hello;
  readonly references: References;
  readonly served: ServedCalls;
  readonly streams: OutgoingStreams;
  readonly closing: Closing;
}

/** The result of a {@linkcode Control} that has answered the request itself. */
export const ANSWERED_ELSEWHERE: unique symbol = Symbol("answered elsewhere");

/**
 * Serves a control request. The reply is what this returns, or its promise
 * resolves to, unless that is {@linkcode ANSWERED_ELSEWHERE}. An error is sent
 * as a failure.
 */
type Control = (
  parts: SteeredParts,
  args: readonly unknown[],
  request: IncomingRequest,
) => unknown;

/**
 * The control requests, which steer calls and streams, by their paths. They
 * reach nothing else, so they are served before the peer is admitted, and are
 * accepted where a limit refuses calls, up to twice that limit.
 */
const CONTROLS: Readonly<Record<string, Control>> = {
  "$/hello": ({ hello }, [content]) => hello.take(content),
  "$/ping": ({ heartbeat }) => heartbeat.pinged(),
  "$/drain": ({ closing }) => closing.drain(),
  "$/keep": ({ references }, [key]) => references.keep(toKey(key)),
  "$/release": ({ references }, [key]) => references.release(toKey(key)),
  "$/next": async ({ streams }, [key, consumed, window], request) => {
    await streams.next(
      toKey(key),
      { consumed: toKey(consumed), window: toKey(window) },
      (batch, owner) => sendBatch(request, batch, owner),
    );
    return ANSWERED_ELSEWHERE;
  },
  "$/return": ({ streams }, [key, waits]) =>
    streams.return(toKey(key), waits === true),
  "$/cancel": ({ served }, [id]) => served.cancel(toKey(id)),
  "$/forget": ({ served }, [key]) => served.forgetResult(toKey(key)),
  "$/idempotent": ({ served }, [path]) => served.isIdempotent(path),
};

/** Returns whether a path belongs to the extensions, and leads to no method. */
export function isExtensionPath(path: string): boolean {
  return path.startsWith("$/") && !path.startsWith(REFERENCE_PREFIX) &&
    !path.startsWith(RESULT_PREFIX);
}

/** Returns what serves control requests to `path`, if it is such a path. */
export function controlAt(path: string): Control | undefined {
  return Object.hasOwn(CONTROLS, path) ? CONTROLS[path] : undefined;
}

/** Returns whether a request, revived or not, is a control request. */
export function isControl(content: unknown): boolean {
  return isCall(content) && Object.hasOwn(CONTROLS, content[0]);
}

/** Returns whether a request, revived or not, is a call that wants no reply. */
export function isOneWay(content: unknown): boolean {
  if (!isCall(content) || content[0] !== EXTENDED_CALL) return false;
  const terms = content[1][3];
  return isRecord(terms) && terms.reply === false;
}

/**
 * Returns whether a request, revived or not, is safe before the peer is
 * admitted: it reaches only what this side has passed to the peer.
 */
export function isHarmless(content: unknown): boolean {
  if (!isCall(content)) return false;
  const [path, [called]] = content;
  return Object.hasOwn(CONTROLS, path) ||
    isReference(path === EXTENDED_CALL ? called : path);
}

function isReference(path: unknown): boolean {
  return typeof path === "string" && path.startsWith(REFERENCE_PREFIX);
}

/** Returns a key or id that the other side sent, or `NaN`. */
function toKey(value: unknown): number {
  return typeof value === "number" ? value : NaN;
}
