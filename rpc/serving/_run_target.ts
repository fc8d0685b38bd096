import { isThenable } from "../../channel/internal.ts";
import { runAs } from "../call.ts";
import type { Target } from "../references/_resolve.ts";
import type { CallQueue } from "../service/call_queue.ts";
import { discardStream } from "../streams/_outgoing_stream.ts";
import { isStream } from "../streams/_outgoing_streams.ts";
import type { RunningCall } from "./_running_call.ts";
import { isChecked, runChecked } from "./_validation.ts";

/** Runs the method of a call, at once or when its queue allows it. */
export function runTarget(running: RunningCall, target: Target): unknown {
  const { queue } = target;
  return queue === null
    ? runNow(running, target)
    : enter(queue, running, target);
}

function enter(
  queue: CallQueue,
  running: RunningCall,
  target: Target,
): unknown {
  return queue.enter(running, target.options, () => runNow(running, target));
}

/** Runs the method of a call, with its guards and schemas, if any. */
function runNow(running: RunningCall, target: Target): unknown {
  return isChecked(target.options)
    ? runWithChecks(running, target)
    : runMethod(running, target, running.args);
}

function runWithChecks(running: RunningCall, target: Target): Promise<unknown> {
  const run = (args: readonly unknown[]) => runMethod(running, target, args);
  return runChecked(running, target.options, run);
}

function runMethod(
  running: RunningCall,
  { service, method, options }: Target,
  args: readonly unknown[],
): unknown {
  // The caller may have cancelled while middleware, guards or schemas ran.
  if (running.isGivenUp) throw running.signal.reason;
  const result = runAs(running, method, service, args);
  if (options.borrowsBytes) refuseLater(result, running);
  return result;
}

/**
 * Throws if a method that borrows bytes returned a promise or stream: the
 * borrowed bytes are invalid once it has returned.
 */
function refuseLater(result: unknown, { path }: RunningCall): void {
  if (isStream(result)) discardStream(result);
  else if (!isThenable(result)) return;
  else Promise.resolve(result).catch(() => {});
  throw new TypeError(
    `Cannot call '${path}': it borrows bytes and returned a ${
      isStream(result) ? "stream" : "promise"
    }, make it return its result at once or leave out 'borrowsBytes'`,
  );
}
