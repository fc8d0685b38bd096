import type { ErrorContext } from "../../channel/report.ts";
import { printable } from "../../transports/printable.ts";
import { describeLeak, type Leak } from "../ledger/_leak.ts";
import { LeakError, StepError, StepTimeoutError } from "../errors.ts";

/** The name of a step and the place of its test in the code, for reports. */
export interface StepIdentity {
  /** The name of the step. */
  readonly step: string;
  /** File and line of the test. */
  readonly site: string;
}

/** An error that no caller awaited, and where it came from. */
export interface ReportedError {
  readonly error: unknown;
  readonly context: ErrorContext;
}

/** Leaks, by the time when they were found. */
export interface FoundLeaks {
  /** Leaks when the body had ended. */
  readonly before: readonly Leak[];
  /** Leaks after clean-up, when nothing may be left. */
  readonly after: readonly Leak[];
  /** Other things that are left, a few words each. */
  readonly others: readonly string[];
  /** Whether the leaks have whole stacks. */
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

/** A step whose time is up, a line each. */
export interface StepState {
  /** What its body may wait for. */
  readonly waits: readonly string[];
  /** What is open. */
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

/** Returns the error for one that was reported to `onError`. */
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
    admission: "'authenticate' threw",
  }[kind];
  return stepError(
    `Cannot pass step '${step}': ${what} at '${
      printable(address)
    }', take the error with 'ctx.takeHandlerErrors()' if the test wants it`,
    { cause: error },
  );
}

/** Returns the error for a rejection that no code handled. */
export function rejectionError(
  { step, site }: StepIdentity,
  cause: unknown,
): StepError {
  return stepError(
    `Cannot pass step '${step}': a promise was rejected and nobody awaited it\n    at ${site}`,
    { cause },
  );
}

/** Returns an error of a step, without a stack. */
export function stepError(message: string, options?: ErrorOptions): StepError {
  return withoutStack(() => new StepError(message, options));
}

/** Returns one error for all of `problems`; a single one stays as it is. */
export function asOne({ step }: StepIdentity, problems: unknown[]): unknown {
  if (problems.length === 1) return problems[0];
  return withoutStack(() =>
    new AggregateError(
      problems,
      `Step '${step}' failed with ${count(problems.length, "error")}`,
    )
  );
}

/** Returns each text once; the first line of one that comes often says so. */
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

/** Makes an error without a stack, whose frames would all be of this package. */
function withoutStack<E extends Error>(make: () => E): E {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return make();
  } finally {
    Error.stackTraceLimit = limit;
  }
}
