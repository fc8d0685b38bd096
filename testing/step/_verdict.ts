import type { ErrorContext } from "../../channel/report.ts";
import { printable } from "../../transports/printable.ts";
import { describeLeak, type Leak } from "../ledger/_leak.ts";
import { LeakError, StepError, StepTimeoutError } from "../errors.ts";

/** The name of a step and the location of its test, for reports. */
export interface StepIdentity {
  /** The name of the step. */
  readonly step: string;
  /** The file and line of the test. */
  readonly site: string;
}

/** An error that no caller awaited, and its origin. */
export interface ReportedError {
  readonly error: unknown;
  readonly context: ErrorContext;
}

/** Leaks, by the time at which they were found. */
export interface FoundLeaks {
  /** Leaks found when the body had ended. */
  readonly before: readonly Leak[];
  /** Leaks found after clean-up, when nothing may be left. */
  readonly after: readonly Leak[];
  /** Short descriptions of other things that are left. */
  readonly others: readonly string[];
  /** Whether leaks include whole stacks. */
  readonly traced: boolean;
}

/** Returns the error for leaks, or `null` if there are none. */
export function leakError(
  { step, site }: StepIdentity,
  { before, after, others, traced }: FoundLeaks,
): LeakError | null {
  const left = [...counted(after.map(describeLeak)), ...counted(others)];
  const open = counted(before.map(describeLeak));
  const all = [...open, ...left];
  if (all.length === 0) return null;
  const total = before.length + after.length + others.length;
  const message = [
    `Cannot end step '${step}': it leaked ${count(total, "thing")}`,
    ...section(
      "Open or pending when the body had ended, and neither made by 'ctx' nor given to 'ctx.use':",
      open,
    ),
    ...section("Left after clean-up:", left),
    ...(traced ? [] : ["Set DENOMAS_TRACE=1 to see the whole stack of each"]),
    `    at ${site}`,
  ].join("\n");
  return withoutStack(() => new LeakError(message, all));
}

/** The state of a step whose time is up, one text line per entry. */
export interface StepState {
  /** Pending work that the body may be waiting for. */
  readonly waits: readonly string[];
  /** Open resources. */
  readonly open: readonly string[];
}

/** Returns the error for a step whose time is up. */
export function timeoutError(
  { step, site }: StepIdentity,
  timeoutMs: number,
  { waits, open }: StepState,
): StepTimeoutError {
  const message = [
    `Cannot go on with step '${step}': its body took longer than ${timeoutMs} ms`,
    ...section(
      "Waiting or running:",
      waits.length > 0 ? counted(waits) : ["nothing that the package knows of"],
    ),
    ...section("Open:", counted(open)),
    `    at ${site}`,
  ].join("\n");
  return withoutStack(() => new StepTimeoutError(message, timeoutMs));
}

/** Returns the error for an error that was reported to `onError`. */
export function reportedError(
  { step }: StepIdentity,
  { error, context: { kind, address } }: ReportedError,
): StepError {
  const what = {
    handler: "a handler threw",
    protocol: "a peer broke the protocol",
    accept: "a server could not accept",
    task: "a task of an agent threw",
    callback: "a callback threw",
    connect: "a client could not connect again",
    admission: "'authenticate' failed",
  }[kind];
  return stepError(
    `Cannot pass step '${step}': ${what} at '${
      printable(address)
    }', take the error with 'ctx.takeHandlerErrors()' if the test wants it`,
    { cause: error },
  );
}

/** Returns the error for an unhandled rejection. */
export function rejectionError(
  { step, site }: StepIdentity,
  cause: unknown,
): StepError {
  return stepError(
    `Cannot pass step '${step}': a promise was rejected and nobody awaited it\n    at ${site}`,
    { cause },
  );
}

/** Returns a `StepError` without a stack. */
export function stepError(message: string, options?: ErrorOptions): StepError {
  return withoutStack(() => new StepError(message, options));
}

/** Combines `problems` into one error; a single one is returned as it is. */
export function asOne({ step }: StepIdentity, problems: unknown[]): unknown {
  if (problems.length === 1) return problems[0];
  return withoutStack(() =>
    new AggregateError(
      problems,
      `Step '${step}' failed with ${count(problems.length, "error")}`,
    )
  );
}

/**
 * Removes duplicate texts; the first line of a repeated one states its count.
 */
function counted(texts: readonly string[]): string[] {
  return [...Map.groupBy(texts, (text) => text)].map(([text, { length }]) =>
    length === 1 ? text : text.replace(/$/m, `, ${length} times`)
  );
}

function section(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  return [title, ...lines.map((line) => `  ${line}`)];
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/**
 * Creates an error without a stack, since all frames would be this package's.
 */
function withoutStack<E extends Error>(make: () => E): E {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return make();
  } finally {
    Error.stackTraceLimit = limit;
  }
}
