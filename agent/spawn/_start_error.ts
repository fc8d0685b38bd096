import { RemoteError } from "../../channel/errors.ts";
import { describeThrown } from "../../channel/message.ts";
import { printable, printableLines } from "../../transports/printable.ts";
import { SpawnError } from "../errors.ts";
import { nameOption } from "./_permission_hint.ts";
import type { SpawnPlan } from "./_plan.ts";

/** Returns the error for a child that could not start because of `cause`. */
export function startError(
  { address, process }: SpawnPlan,
  cause: unknown,
  stderr: readonly string[],
): SpawnError {
  const isReported = cause instanceof RemoteError;
  const isKnown = isReported || cause instanceof SpawnError;
  const reason = isKnown ? cause.message : describeThrown(cause);
  // Deno prints its last error in this form.
  const last = stderr.findLast((it) => it.startsWith("error: "));
  const more = last === undefined ? "" : ` (${printable(last, 500)})`;
  // A process may be a sandbox, whose text must not look like other lines.
  const shown = process === null ? printableLines : printable;
  const text = `${shown(reason, 2_000)}${more}`;
  return new SpawnError(
    `Cannot spawn a container at '${address}': ${
      // Other errors are about this process: flags, not options, remedy them.
      process === null || !(isKnown || last) ? text : nameOption(text)}${
      process?.hint ? `; ${process.hint}` : ""
    }`,
    { cause, stderr, remoteName: isReported ? cause.remoteName : undefined },
  );
}
