import type { ConnectionChannel } from "../channel/_connection_channel.ts";
import type { Request } from "../channel/request.ts";
import { type CallContent, isThenable } from "./_call_content.ts";
import { runAs } from "./call.ts";
import { MethodNotFoundError } from "./errors.ts";
import type { ExposeOptions } from "./expose.ts";
import { toFailureRecord } from "./_failure.ts";
import { joinKwargs } from "./kwargs.ts";
import type { ServeMiddleware } from "./middleware.ts";
import { runThrough } from "./_run_through.ts";
import { REFERENCE_PREFIX, type References } from "./_references.ts";
import { resolveMethod, type Target } from "./_resolve.ts";
import { type CallMeta, RunningCall } from "./_running_call.ts";
import { checkArguments, checkResult } from "./_validation.ts";

/** What {@linkcode ServedCalls} are made with. */
export interface ServedCallsOptions {
  /** The service that this side offers, if any. */
  readonly root: object | null;
  readonly references: References;
  /** Runs around each call. */
  readonly serving: readonly ServeMiddleware[];
  /** Whether failures tell the stack. */
  readonly sendStacks: boolean;
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
  readonly #running = new Map<number, RunningCall>();
  /** What methods and middleware remember of the connection. */
  readonly #session = new Map<string, unknown>();
  /** The call whose result is being packed: a stream in it keeps it running. */
  #packing: RunningCall | null = null;

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
    request: Request,
    [path, args, kwargs]: CallContent,
    terms: CallTerms = NO_TERMS,
  ): void {
    const running = new RunningCall(request, path, channel, {
      ...terms,
      args: joinKwargs(args, kwargs),
      session: this.#session,
    });
    this.#running.set(request.id, running);
    try {
      const result = this.#run(running);
      if (isThenable(result)) {
        result.then(
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

  /** Answers a request with a failure. */
  fail(request: Request, error: unknown): void {
    const content = this.#options.hasExtensions()
      ? toFailureRecord(error, this.#options.sendStacks)
      : toError(error);
    // If the error's own data cannot be sent, the caller has been told that.
    request.fail(content).catch(() => {});
  }

  /** The caller of `id` wants no answer any more. */
  cancel(id: number): void {
    this.#running.get(id)?.abort(
      new DOMException("The caller gave the call up", "AbortError"),
    );
  }

  /**
   * Keeps the call whose result is being packed running for the stream in it;
   * returns how to end it with the stream.
   */
  holdForStream(): () => void {
    const running = this.#packing;
    if (running === null) return () => {};
    running.isStreaming = true;
    return () => {
      running.abort(new DOMException("The stream has ended", "AbortError"));
      this.#endRunning(running);
    };
  }

  /** Tells all methods that the connection is gone. */
  abortAll(errorFor: (path: string) => Error): void {
    const running = [...this.#running.values()];
    this.#running.clear();
    for (const call of running) call.abort(errorFor(call.path));
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
    const { service, method, options } = this.#resolve(running.path);
    const run = (args: readonly unknown[]) =>
      runAs(running, () => method.apply(service, args as unknown[]));
    return options.args === undefined && options.result === undefined
      ? run(running.args)
      : runChecked(running, options, run);
  }

  #resolve(path: string): Target {
    const { root, references } = this.#options;
    const target = path.startsWith(REFERENCE_PREFIX)
      ? references.resolve(path)
      : root === null
      ? null
      : resolveMethod(root, path);
    if (target !== null) return target;
    throw new MethodNotFoundError(
      `Cannot call '${path}': no such method is exposed, check its path and mark it with 'expose'`,
    );
  }

  #reply(request: Request, running: RunningCall, value: unknown): void {
    this.#packing = running;
    const { result: sent, release } = this.#options.references.collect(() =>
      request.reply(value)
    );
    this.#packing = null;
    // If the result cannot be sent, the caller has been told so, and nobody
    // holds what was to be passed in it.
    sent.catch(() => release?.());
    if (!running.isStreaming) this.#endRunning(running);
  }

  #failRunning(request: Request, running: RunningCall, error: unknown): void {
    this.#endRunning(running);
    this.fail(request, error);
  }

  #endRunning(running: RunningCall): void {
    running.end();
    if (this.#running.get(running.id) === running) {
      this.#running.delete(running.id);
    }
  }
}

/** Runs a method whose arguments or result have schemas. */
async function runChecked(
  { path, args }: RunningCall,
  { args: schemas, result: schema }: ExposeOptions,
  run: (args: readonly unknown[]) => unknown,
): Promise<unknown> {
  const checked = schemas === undefined
    ? args
    : await checkArguments(path, schemas, args);
  const result = await run(checked);
  return schema === undefined
    ? result
    : await checkResult(path, schema, result);
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
