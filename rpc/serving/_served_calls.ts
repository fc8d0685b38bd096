import { ANSWERED, type ConnectionChannel } from "../../channel/internal.ts";
import { IdTable } from "../../channel/tables/id_table.ts";
import { failureText } from "../../channel/message.ts";
import type { IncomingRequest } from "../../channel/request.ts";
import { observed } from "../../transports/internal.ts";
import { outcomeOf, type RpcEvent } from "../_events.ts";
import { printable } from "../../transports/printable.ts";
import {
  type CallContent,
  isServicePath,
  isThenable,
} from "./_call_content.ts";
import { runAs } from "./_current_call.ts";
import { MethodNotFoundError } from "../errors.ts";
import { asError, toFailureRecord, toPlainFailure } from "../_failure.ts";
import { joinKwargs } from "../kwargs.ts";
import type { RequestMiddleware } from "../middleware.ts";
import {
  discardStream,
  isStream,
  type StreamOptions,
} from "../streams/_outgoing_streams.ts";
import { MessageContext } from "../references/_message_context.ts";
import { runThrough } from "./_run_through.ts";
import {
  REFERENCE_PREFIX,
  referenceKey,
  type References,
} from "../references/_references.ts";
import { resolveMethod, type Target } from "./_resolve.ts";
import { type CallMeta, RunningCall } from "./_running_call.ts";
import { checkArguments, checkResult } from "./_validation.ts";

/** What {@linkcode ServedCalls} are made with. */
export interface ServedCallsOptions {
  /** The service that this side offers, if any. */
  readonly root: object | null;
  readonly references: References;
  /** Runs around each call. */
  readonly serving: readonly RequestMiddleware[];
  /** Whether failures tell the stack. */
  readonly sendStacks: boolean;
  /** Who the other side is, where that is known. */
  readonly identity: () => unknown;
  /** Whether the other side is known to have extensions. */
  readonly hasExtensions: () => boolean;
}

/** How a caller wants its call to be served. */
export interface CallTerms {
  /** The time it allows, in milliseconds. */
  readonly timeoutMs: number;
  /** What it tells the middleware. */
  readonly meta: CallMeta;
}

const NO_TERMS: CallTerms = { timeoutMs: Infinity, meta: {} };

/** The calls of the other side: each is run, answered, and may be given up. */
export class ServedCalls {
  readonly #options: ServedCallsOptions;
  /** The caller chooses the ids: a `Map` of those may be made to be slow. */
  readonly #running = new IdTable<RunningCall>();
  /** What methods and middleware remember of the connection. */
  readonly #session = new Map<string, unknown>();

  constructor(options: ServedCallsOptions) {
    this.#options = options;
  }

  /** How many methods are running. */
  get size(): number {
    return this.#running.size;
  }

  /** Runs a call that came through `channel`, and answers it. */
  serve(
    channel: ConnectionChannel,
    request: IncomingRequest,
    [path, args, kwargs]: CallContent,
    terms: CallTerms = NO_TERMS,
  ): void {
    if (!isCallPath(path)) return this.fail(request, notFound(path));
    const running = new RunningCall(request, path, channel, {
      timeoutMs: terms.timeoutMs,
      meta: terms.meta,
      args: joinKwargs(args, kwargs),
      session: this.#session,
      identity: this.#options.identity(),
    });
    if (observed.by !== null) emitStarted(running, channel);
    try {
      const result = this.#run(running);
      // One that has ended by now was never to be cancelled, nor is it listed.
      if (isThenable(result)) {
        this.#list(running);
        // Others than promises may call both functions, and more than once.
        Promise.resolve(result).then(
          (value) => this.#reply(request, running, value),
          (error) => this.#failRunning(request, running, error),
        );
      } else {
        this.#reply(request, running, result);
      }
    } catch (error) {
      this.#failRunning(request, running, error);
    }
  }

  /**
   * Whether running the method at `path` twice does no more than once.
   *
   * @throws {MethodNotFoundError} If there is none.
   */
  isIdempotent(path: unknown): boolean {
    if (typeof path !== "string" || !isCallPath(path)) throw notFound("");
    return this.#resolve(path).options.idempotent === true;
  }

  /** Answers a request with a failure. */
  fail(request: IncomingRequest, error: unknown): void {
    // If it is too large, the caller has been told that.
    request.fail(asError(error) ?? toPlainFailure(error)).catch(() => {});
  }

  /** The content of a failure, in the form that the other side reads. */
  toFailure(error: Error): unknown {
    return this.#options.hasExtensions()
      ? toFailureRecord(error, this.#options.sendStacks)
      : failureText(toPlainFailure(error));
  }

  /** The caller of `id` wants no answer any more, nor a stream in it. */
  cancel(id: number): void {
    this.#running.get(id)?.giveUp(
      new DOMException("The caller gave the call up", "AbortError"),
    );
  }

  /**
   * Keeps a call running for a stream in its result, which begins as a part of
   * the call and may end it.
   */
  holdForStream(running: RunningCall): StreamOptions {
    running.beginStream();
    const onEnd = () => {
      running.endStream();
      if (running.isStreaming) return;
      running.abort(new DOMException("The stream has ended", "AbortError"));
      this.#endRunning(running);
    };
    return { start: (step) => runAs(running, step), onEnd };
  }

  /** Tells all methods that the connection is gone. */
  abortAll(errorFor: (path: string) => Error): void {
    const running = this.#running.values();
    this.#running.clear();
    for (const call of running) {
      const error = errorFor(call.path);
      call.failed = { error };
      if (observed.by !== null) emitEnded(call);
      call.giveUp(error);
    }
  }

  #run(running: RunningCall): unknown {
    const { serving } = this.#options;
    if (serving.length === 0) return this.#runMethod(running);
    return runThrough(
      serving,
      running,
      (call, { args }) => {
        if (args !== undefined) call.args = args;
        return call;
      },
      (call) => this.#runMethod(call),
    );
  }

  #runMethod(running: RunningCall): unknown {
    const target = this.#resolve(running.path);
    const { args, result } = target.options;
    return args === undefined && result === undefined
      ? runTarget(running, target, running.args)
      : runChecked(running, target);
  }

  #resolve(path: string): Target {
    const { root, references } = this.#options;
    const target = path.startsWith(REFERENCE_PREFIX)
      ? references.resolve(path)
      : root === null
      ? null
      : resolveMethod(root, path);
    if (target !== null) return target;
    throw notFound(path);
  }

  #reply(request: IncomingRequest, running: RunningCall, value: unknown): void {
    if (running.isGivenUp) {
      if (isStream(value)) discardStream(value);
      return this.#failRunning(request, running, running.signal.reason);
    }
    const context = new MessageContext("owned", running);
    const answered = request.reply(value, context);
    running.streams = context.streams;
    // If the result cannot be sent, the caller has been told so, and nobody
    // holds what was to be passed in it. Listening costs as much as finding the
    // method, so it is done where that is still open.
    if (answered !== ANSWERED) answered.catch(() => context.discard());
    if (running.isStreaming) this.#list(running);
    else this.#endRunning(running);
  }

  #failRunning(
    request: IncomingRequest,
    running: RunningCall,
    error: unknown,
  ): void {
    running.failed = { error };
    this.#endRunning(running);
    this.fail(request, error);
  }

  /** The id of a call that is answered, and streams, may be used again. */
  #list(running: RunningCall): void {
    const known = this.#running.get(running.id);
    if (known === running) return;
    if (known !== undefined) this.#running.delete(running.id);
    this.#running.add(running);
  }

  #endRunning(running: RunningCall): void {
    running.end();
    if (observed.by !== null) emitEnded(running);
    if (this.#running.get(running.id) === running) {
      this.#running.delete(running.id);
    }
  }
}

/** Whether a path could lead to a method, from the root or a reference. */
function isCallPath(path: string): boolean {
  if (!path.startsWith(REFERENCE_PREFIX)) return isServicePath(path);
  const slash = path.indexOf("/", REFERENCE_PREFIX.length);
  if (Number.isNaN(referenceKey(path))) return false;
  return slash === -1 || isServicePath(path.slice(slash + 1));
}

function notFound(path: string): MethodNotFoundError {
  return new MethodNotFoundError(
    `Cannot call '${
      printable(path)
    }': no such method is exposed, check its path and mark it with 'expose'`,
  );
}

/** Runs a method as serving a call. */
function runTarget(
  running: RunningCall,
  { service, method }: Target,
  args: readonly unknown[],
): unknown {
  return runAs(running, () => method.apply(service, args as unknown[]));
}

/** Runs a method whose arguments or result have schemas. */
async function runChecked(
  running: RunningCall,
  target: Target,
): Promise<unknown> {
  const { path, args } = running;
  const { args: schemas, result: schema } = target.options;
  const checked = schemas === undefined
    ? args
    : await checkArguments(path, schemas, args);
  const result = await runTarget(running, target, checked);
  if (schema === undefined) return result;
  const { value } = await checkResult(path, schema, result);
  return value;
}

function emitStarted(running: RunningCall, channel: object): void {
  const { id, path, args } = running;
  const event: RpcEvent = {
    type: "call-started",
    call: running,
    side: "served",
    channel,
    id,
    path,
    args,
  };
  observed.by?.event(event);
}

function emitEnded(call: RunningCall): void {
  if (call.isReported) return;
  call.isReported = true;
  const { failed } = call;
  const event: RpcEvent = failed === null
    ? { type: "call-ended", call, outcome: "result" }
    : {
      type: "call-ended",
      call,
      outcome: call.isGivenUp ? "aborted" : outcomeOf(failed.error),
      error: failed.error,
    };
  observed.by?.event(event);
}
