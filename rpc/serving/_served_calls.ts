// Longer than most files: all code paths that answer a call are together here.
import { AT_ONCE, isThenable } from "../../channel/internal.ts";
import { IdTable } from "../../channel/tables/id_table.ts";
import { ServerBusyError } from "../../channel/errors.ts";
import { failureText } from "../../channel/message.ts";
import type { IncomingRequest } from "../../channel/request.ts";
import { printable } from "../../transports/printable.ts";
import { emit, outcomeOf } from "../_events.ts";
import { observed, world } from "../../transports/internal.ts";
import {
  asError,
  cancelled,
  isAbort,
  isInstance,
  isTold,
  toFailureRecord,
  toPlainFailure,
  withoutThrown,
} from "../_failure.ts";
import {
  MethodNotFoundError,
  ServiceError,
  ValidationError,
} from "../errors.ts";
import { joinKwargs } from "../kwargs.ts";
import type { RequestMiddleware } from "../middleware.ts";
import {
  type CallContent,
  isCall,
  isRecord,
  isServicePath,
} from "../references/_call_content.ts";
import {
  MessageContext,
  type ReceivedContext,
} from "../references/_message_context.ts";
import { PipedArgument, RESULT_PREFIX } from "../references/_piped_argument.ts";
import type { AddressResolver } from "../references/_remote_proxy.ts";
import { REFERENCE_PREFIX, referenceKey } from "../references/_references.ts";
import { resolveMethod, type Target } from "../references/_resolve.ts";
import type { CallOrigin } from "../service/call_queue.ts";
import type { FailedCall } from "../rpc_options.ts";
import type { SessionContext } from "../_session_context.ts";
import { discardStream } from "../streams/_outgoing_stream.ts";
import { isStream } from "../streams/_outgoing_streams.ts";
import { KeptResults } from "./_kept_results.ts";
import { runTarget } from "./_run_target.ts";
import { runThrough } from "./_run_through.ts";
import { readOrigin } from "./_call_origin.ts";
import { RunningCall, type ServingTerms } from "./_running_call.ts";
import { isChecked } from "./_validation.ts";

const NO_TERMS: ServingTerms = {
  timeoutMs: Infinity,
  meta: {},
  as: null,
  origin: null,
};

/** The borrowed arguments of a method without `borrowsBytes`. */
export const NONE_BORROWED: readonly unknown[] = [];

/**
 * The calls of the other side. Each call is run and answered, or given up.
 *
 * Closures are in functions of their own, which run only if needed: a function
 * that contains a closure allocates its captured variables on each call. That
 * took an eighth of a server's time for small calls.
 */
export class ServedCalls {
  readonly #session: SessionContext;
  /**
   * Not a `Map`: the caller chooses the ids, and could choose colliding ones to
   * make it slow.
   */
  readonly #running = new IdTable<RunningCall>();
  readonly #results: KeptResults;
  /** The errors that were sent to callers, by the reported errors. */
  #told: WeakMap<object, unknown> | null = null;

  /** Serves the calls of the other side of `session`. */
  constructor(session: SessionContext) {
    this.#session = session;
    this.#results = new KeptResults(session);
  }

  /** The number of running methods. */
  get size(): number {
    return this.#running.size;
  }

  /**
   * Returns the number of running methods whose path `counts`, excluding calls
   * that only stream.
   */
  countRunning(counts: (path: string) => boolean): number {
    return this.#running.values()
      .filter((it) => !it.isStreaming && counts(it.path)).length;
  }

  /** Runs a call and answers it. */
  serve(
    request: IncomingRequest,
    content: CallContent,
    terms: ServingTerms = NO_TERMS,
  ): void {
    const path = content[0];
    if (!isCallPath(path)) return this.fail(request, notFound(path));
    const { as } = terms;
    const { maxReferences } = this.#session.options;
    if (as !== null && this.#results.size >= maxReferences) {
      return this.fail(
        request,
        new ServerBusyError(
          `Cannot keep the result: ${maxReferences} are kept already`,
        ),
      );
    }
    const args = joinKwargs(content[1], content[2]);
    const { id } = request;
    const running = new RunningCall(this.#session, id, path, args, terms);
    const { streams } = request.context as ReceivedContext;
    if (streams !== undefined) running.passed = streams;
    if (observed.by !== null) this.#reportStart(running);
    try {
      const result = this.#run(running);
      if (as !== null) this.#results.keep(as, result);
      // A call that has already ended cannot be cancelled and is not listed.
      if (isThenable(result)) this.#replyLater(request, running, result);
      else this.#reply(request, running, result);
    } catch (error) {
      if (as !== null) this.#results.keep(as, Promise.reject(error));
      this.#failRunning(request, running, error);
    }
  }

  #reportStart(running: RunningCall): void {
    const { id, path, args } = running;
    emit(() => ({
      type: "call-started",
      subject: running,
      side: "served",
      channel: this.#session.channel,
      id,
      path,
      args,
    }));
  }

  #replyLater(
    request: IncomingRequest,
    running: RunningCall,
    result: PromiseLike<unknown>,
  ): void {
    this.#list(running);
    // A thenable may call both functions, and more than once.
    Promise.resolve(result).then(
      (value) => this.#reply(request, running, value),
      (error) => this.#failRunning(request, running, error),
    );
  }

  /**
   * Returns the arguments that the method of a call may borrow. There are none
   * unless the method has `borrowsBytes` and will run at once, without
   * middleware, guards, schemas, queues or observers.
   */
  borrowed([path, args]: CallContent): readonly unknown[] {
    const { options: { middleware, resolver }, root } = this.#session;
    const runsLater = root === null || !isServicePath(path) ||
      middleware.requests?.length || resolver !== undefined ||
      observed.by !== null;
    if (runsLater) return NONE_BORROWED;
    try {
      const { options, queue } = this.#resolve(path);
      const runsAtOnce = queue === null && !isChecked(options);
      return options.borrowsBytes && runsAtOnce ? args : NONE_BORROWED;
    } catch {
      // The call will fail, and its caller receives the reason.
      return NONE_BORROWED;
    }
  }

  /** Forgets the result with this key, which the other side has received. */
  forgetResult(key: number): void {
    this.#results.forget(key);
  }

  /**
   * Runs a `$/call`: a call with terms, such as a deadline or data for
   * middleware.
   *
   * @throws {TypeError} If the request is malformed.
   */
  serveExtended(
    request: IncomingRequest,
    [path, args, kwargs, terms]: readonly unknown[],
  ): void {
    const content = [path, args, kwargs];
    if (!isCall(content) || !isRecord(terms)) {
      throw new TypeError(
        "Cannot serve request: '$/call' takes a path, arguments, keyword arguments and a map",
      );
    }
    const { timeoutMs, meta, as, origin } = terms;
    this.serve(request, content, {
      timeoutMs: typeof timeoutMs === "number" ? timeoutMs : Infinity,
      meta: isRecord(meta) ? meta : {},
      as: Number.isSafeInteger(as) ? as as number : null,
      origin: readOrigin(origin),
    });
  }

  /**
   * Returns whether running the method at `path` twice has the same effect as
   * running it once.
   *
   * @throws {MethodNotFoundError} If there is no such method.
   */
  isIdempotent(path: unknown): boolean {
    if (typeof path !== "string" || !isCallPath(path)) throw notFound("");
    return this.#resolve(path).options.idempotent === true;
  }

  /** Answers a request with a failure. */
  fail(request: IncomingRequest, error: unknown): void {
    // If the failure cannot be sent, the channel has told the caller.
    request.fail(asError(error) ?? toPlainFailure(error)).catch(() => {});
  }

  /**
   * Returns the content of a failure, in the format that the other side reads.
   */
  encodeFailure(failure: Error): unknown {
    const { channel, hello, options } = this.#session;
    const error = options.maskErrors ? withoutThrown(failure) : failure;
    if (!hello.hasExtensions) return failureText(toPlainFailure(error));
    return toFailureRecord(error, {
      stacks: options.sendStacks,
      causes: !options.maskErrors,
      refusalOf(value) {
        const context = new MessageContext("owned");
        const refusal = channel.codec.refusalOf(value, context);
        const isData = context.isEmpty;
        context.withdraw();
        return isData ? refusal : "it holds a function, service or stream";
      },
    });
  }

  /**
   * Cancels the call `id`: its caller waits neither for the reply nor for a
   * stream in it.
   */
  cancel(id: number): void {
    this.#running.get(id)?.giveUp(cancelled());
  }

  /** Forgets a call that has ended. */
  forget(call: RunningCall): void {
    if (this.#running.get(call.id) === call) this.#running.delete(call.id);
  }

  /** Aborts all methods, because the connection is gone. */
  abortAll(errorFor: (path: string) => Error): void {
    this.#results.clear();
    for (const call of this.#running.values()) {
      const error = errorFor(call.path);
      call.end("lost", error);
      call.giveUp(error);
    }
  }

  #run(running: RunningCall): unknown {
    const { origin } = running;
    const { resolver } = this.#session.options;
    return origin === null || resolver === undefined
      ? this.#runMiddleware(running)
      : this.#actFor(origin, resolver, running);
  }

  #actFor(
    origin: CallOrigin,
    resolver: AddressResolver,
    running: RunningCall,
  ): unknown {
    return resolver.actFor(origin, () => this.#runMiddleware(running));
  }

  #runMiddleware(running: RunningCall): unknown {
    const { requests: middleware } = this.#session.options.middleware;
    return middleware?.length
      ? this.#runThrough(middleware, running)
      : this.#runMethod(running);
  }

  #runThrough(
    middleware: readonly RequestMiddleware[],
    running: RunningCall,
  ): unknown {
    return runThrough(
      middleware,
      running,
      (call, { args, context }) => {
        if (args !== undefined) call.args = args;
        call.addContext(context);
        return call;
      },
      (call) => this.#runMethod(call),
    );
  }

  #runMethod(running: RunningCall): unknown {
    const { path, args } = running;
    if (path.startsWith(RESULT_PREFIX) || args.some(isPiped)) {
      return this.#runPiped(running);
    }
    return runTarget(running, this.#resolve(path));
  }

  /** Runs a method that uses results of earlier calls. */
  async #runPiped(running: RunningCall): Promise<unknown> {
    const { path, args } = running;
    const results = this.#results;
    running.args = await Promise.all(
      args.map((it) => isPiped(it) ? results.valueAt(it.path) : it),
    );
    const target = path.startsWith(RESULT_PREFIX)
      ? await results.targetAt(path)
      : this.#resolve(path);
    if (target === null) throw notFound(path);
    return await runTarget(running, target);
  }

  #resolve(path: string): Target {
    const { root, references } = this.#session;
    const target = path.startsWith(REFERENCE_PREFIX)
      ? references.resolve(path)
      : root === null
      ? null
      : resolveMethod(root, path);
    if (target !== null) return target;
    throw notFound(path);
  }

  #reply(request: IncomingRequest, running: RunningCall, value: unknown): void {
    running.finishWork();
    if (request.isOneWay) this.#discard(value, running);
    if (running.isGivenUp) {
      if (isStream(value)) discardStream(value);
      return this.#failRunning(request, running, running.signal.reason);
    }
    const context = new MessageContext("owned", running);
    const answered = request.reply(value, context);
    // Listening costs as much as resolving the method, so it is done only while
    // the outcome is pending.
    if (answered !== AT_ONCE) this.#reportUnsent(answered, running, context);
    if (running.isStreaming) this.#list(running);
    else running.end("result");
  }

  /**
   * Reports a result that cannot be sent, and ends the references in it, since
   * the caller has received an error instead and will not release them.
   */
  #reportUnsent(
    answered: Promise<void>,
    running: RunningCall,
    context: MessageContext,
  ): void {
    answered.catch((error) => {
      context.discard();
      this.report(running, error);
    });
  }

  /** Ends the references and streams in the result of a one-way call. */
  #discard(value: unknown, running: RunningCall): void {
    if (Object(value) !== value) return;
    const context = new MessageContext("owned", running);
    this.#session.channel.codec.refusalOf(value, context);
    context.discard();
  }

  #failRunning(
    request: IncomingRequest,
    running: RunningCall,
    error: unknown,
  ): void {
    running.finishWork();
    const { isGivenUp } = running;
    running.end(isGivenUp ? "aborted" : outcomeOf(error), error);
    this.fail(
      request,
      isGivenUp ? this.#ofAborted(error) : this.report(running, error),
    );
  }

  /** Returns the error to send for an error of a call that has aborted. */
  #ofAborted(error: unknown): unknown {
    const { maskErrors } = this.#session.options;
    return !maskErrors || isTold(error) ? error : cancelled();
  }

  /**
   * Reports the error of a method, or of a stream that `call` has passed, and
   * returns the error to send to the other side. The error of an aborted call
   * is expected, and not reported.
   */
  report(call: FailedCall["call"], error: unknown): unknown {
    const { maskErrors, onMethodError } = this.#session.options;
    const isOwnFault = isInstance(error, ValidationError) &&
      error.part !== "argument";
    const isMade = isTold(error);
    if (isMade && !isOwnFault) return error;
    const { signal } = "options" in call ? call.options : call;
    if (isAbort(error, signal)) return this.#ofAborted(error);
    // Piped calls on a failed result fail with the same error: report it once.
    const key = asError(error);
    if (key !== null && this.#told?.has(key)) return this.#told.get(key);
    const id = world.uuid();
    onMethodError(error, { call, id });
    const what = "options" in call ? "stream" : "method";
    const told = isMade || !maskErrors ? error : new ServiceError(
      `The ${what} failed; its side has reported the error with the id ${id}`,
      { code: "internal", data: { id } },
    );
    if (key !== null) (this.#told ??= new WeakMap()).set(key, told);
    return told;
  }

  /**
   * Lists a running call, so that it can be cancelled. Its id may be that of an
   * answered call that still streams, which is then replaced.
   */
  #list(running: RunningCall): void {
    const known = this.#running.get(running.id);
    if (known === running) return;
    if (known !== undefined) this.#running.delete(running.id);
    this.#running.add(running);
  }
}

function isPiped(argument: unknown): argument is PipedArgument {
  return argument instanceof PipedArgument;
}

/**
 * Returns whether a path could lead to a method, from the root, a reference or
 * a result.
 */
function isCallPath(path: string): boolean {
  if (path.startsWith(RESULT_PREFIX)) {
    return isServicePath(path.slice(RESULT_PREFIX.length));
  }
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
