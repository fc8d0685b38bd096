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

/** The path of a call with terms, such as a deadline or data for middleware. */
export const EXTENDED_CALL = "$/call";

/** The parts of a session that control requests act on. */
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
 * Serves a control request. The reply is its return value, or the value that
 * its promise resolves to, unless that is {@linkcode ANSWERED_ELSEWHERE}. An
 * error is sent as a failure.
 */
type Control = (
  parts: SteeredParts,
  args: readonly unknown[],
  request: IncomingRequest,
) => unknown;

/**
 * The control requests, by their paths. They only affect calls and streams that
 * exist already, so they are served before the peer is admitted. They are also
 * accepted when a limit refuses calls, up to twice that limit.
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

/** Returns whether a path belongs to the extensions instead of a method. */
export function isExtensionPath(path: string): boolean {
  return path.startsWith("$/") && !path.startsWith(REFERENCE_PREFIX) &&
    !path.startsWith(RESULT_PREFIX);
}

/** Returns the control at `path`, if there is one. */
export function controlAt(path: string): Control | undefined {
  return Object.hasOwn(CONTROLS, path) ? CONTROLS[path] : undefined;
}

/** Returns whether a request, decoded or not, is a control request. */
export function isControl(content: unknown): boolean {
  return isCall(content) && Object.hasOwn(CONTROLS, content[0]);
}

/** Returns whether a request, decoded or not, is a call without a reply. */
export function isOneWay(content: unknown): boolean {
  if (!isCall(content) || content[0] !== EXTENDED_CALL) return false;
  const terms = content[1][3];
  return isRecord(terms) && terms.reply === false;
}

/**
 * Returns whether a request, decoded or not, is safe before the peer is
 * admitted: it reaches only functions and services that this side has passed to
 * the peer.
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
