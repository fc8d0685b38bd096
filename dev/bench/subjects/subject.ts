/**
 * The contract of a subject: a way to call a server and get an answer. A new
 * subject is one file beside this one and one row in `all.ts`.
 */

/** The argument of a call. */
export interface Question {
  readonly name: string;
  readonly n: number;
}

/** The answer to a call. */
export interface Answer {
  readonly greeting: string;
  readonly n: number;
}

/** The work of every server: little, so that the cost of a call shows. */
export function answer({ name, n }: Question): Answer {
  return { greeting: `Hello, ${name}`, n };
}

/** A listening server; disposal ends it. */
export interface Serving extends AsyncDisposable {
  /** The real address. */
  readonly address: string;
}

/** A connected client; disposal ends it. */
export interface Caller extends AsyncDisposable {
  /** Sends a question and resolves to its answer. Calls may overlap. */
  call(question: Question): Promise<unknown>;
  /**
   * Sends a payload of the kind {@linkcode Subject.payload} and resolves to the
   * same payload. Undefined if echoes are not measured.
   */
  echo?(payload: string | Uint8Array): Promise<unknown>;
  /**
   * Requests a stream of `count` answers and resolves once it has ended.
   * Undefined if streams are not supported.
   */
  receive?(count: number): Promise<void>;
  /**
   * Makes a call that is never answered, so that it settles only with the end
   * of the server. Undefined if that is not measured.
   */
  hang?(): Promise<unknown>;
  /**
   * Makes `calls` calls, `inFlight` of them at a time, by a client in another
   * process. Used instead of a loop around `call`, which would include the time
   * to reach that process.
   *
   * @throws {Error} If an answer is wrong.
   */
  measure?(calls: number, inFlight: number): Promise<Measured>;
}

/** The measurement of a client in another process. */
export interface Measured {
  /** The time of all calls divided by their number, in µs. */
  readonly us: number;
  /** The time between each call and its answer, in µs, in any order. */
  readonly eachUs: readonly number[];
}

/** A way to call a server. */
export interface Subject {
  /** The name in arguments and tables. */
  readonly name: string;
  /**
   * The kind of payload that {@linkcode Caller.echo} accepts: text if messages
   * are text, bytes if they are binary.
   *
   * @default {"text"}
   */
  readonly payload?: "text" | "bytes";
  /**
   * Resolves to the reason why the subject cannot run on this machine, or to
   * `null`.
   *
   * @default {it runs everywhere}
   */
  missing?(): Promise<string | null>;
  /** Serves {@linkcode answer} at `address`, a `tcp://` or `ipc://` address. */
  serve(address: string): Promise<Serving>;
  /** Opens one connection to a server of `serve`. */
  connect(address: string): Promise<Caller>;
}

/** All connections of a benchmark come from one host. */
export const SERVER_LIMITS = { connections: { maxPerHost: Infinity } };
