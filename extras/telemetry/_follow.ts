import type { CallOptions } from "../../rpc/call.ts";
import {
  type CallEnd,
  StreamWatch,
  watchMade,
  watchServed,
} from "../../rpc/internal.ts";
import type {
  CallNext,
  RequestNext,
  ServedCall,
} from "../../rpc/middleware.ts";

export type { CallEnd };

/**
 * Makes a call with `next`. Calls `onEnd` once: when the call has failed, or
 * when it is answered and the streams in its result have ended.
 */
export function followMade(
  options: CallOptions,
  next: CallNext,
  onEnd: (end: CallEnd) => void,
): Promise<unknown> {
  const watch = new StreamWatch(onEnd);
  return follow(
    watch,
    () => next({ options: watchMade(options, watch) }),
    true,
  );
}

/** Serves a call with `next`. Calls `onEnd` like {@linkcode followMade}. */
export function followServed(
  call: ServedCall,
  next: RequestNext,
  onEnd: (end: CallEnd) => void,
): Promise<unknown> {
  const watch = new StreamWatch(onEnd);
  // The streams in the result start after middleware has returned it.
  const isFollowed = watchServed(call, watch);
  return follow(watch, () => next(), !isFollowed);
}

async function follow(
  watch: StreamWatch,
  next: () => Promise<unknown>,
  endsWithAnswer: boolean,
): Promise<unknown> {
  let result: unknown;
  try {
    result = await next();
  } catch (error) {
    watch.fail(error);
    throw error;
  }
  if (endsWithAnswer) watch.end();
  return result;
}
