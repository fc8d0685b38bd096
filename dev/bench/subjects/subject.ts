/**
 * The contract of what is measured: a way to call a server and be answered.
 * A new subject is one file beside this one and one row in `all.ts`.
 */

/** What is sent. */
export interface Question {
  readonly name: string;
  readonly n: number;
}

/** What is sent back. */
export interface Answer {
  readonly greeting: string;
  readonly n: number;
}

/** What every server does: little, so that the way there and back shows. */
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
  /** Asks, and resolves to the answer. Many may be under way at a time. */
  call(question: Question): Promise<unknown>;
  /**
   * Sends `payload`, as {@linkcode Subject.payload} says, and resolves to the
   * same, sent back. Absent where it is not measured.
   */
  echo?(payload: string | Uint8Array): Promise<unknown>;
  /**
   * Asks for a stream of `count` answers and resolves once it has ended.
   * Absent where there are no streams.
   */
  receive?(count: number): Promise<void>;
  /**
   * Asks for what is never answered, so that only the end of the server
   * settles it. Absent where it is not measured.
   */
  hang?(): Promise<unknown>;
  /**
   * Makes `calls` calls, `inFlight` of them under way at any time, by a client
   * that is not of this process. Where this is there, it is measured in place
   * of a loop around `call`, which would add the way to that client.
   *
   * @throws {Error} If an answer is wrong.
   */
  measure?(calls: number, inFlight: number): Promise<Measured>;
}

/** What a client of another process has measured. */
export interface Measured {
  /** How many µs one call took: of the whole time, its share. */
  readonly us: number;
  /** How many µs passed between each call and its answer, in no order. */
  readonly eachUs: readonly number[];
}

/** One way to call a server. */
export interface Subject {
  /** How arguments and tables call it. */
  readonly name: string;
  /**
   * What {@linkcode Caller.echo} takes: text where messages are text, bytes
   * where they are binary.
   *
   * @default {"text"}
   */
  readonly payload?: "text" | "bytes";
  /**
   * Where its server runs: in a process of its own, or in a thread of the
   * client's, which then calls both `serve` and `connect`.
   *
   * @default {"process"}
   */
  readonly place?: "process" | "worker";
  /** Serves {@linkcode answer} at `address`, as `tcp://` or `ipc://`. */
  serve(address: string): Promise<Serving>;
  /** Connects to what `serve` serves; opens one connection. */
  connect(address: string): Promise<Caller>;
}

/** All connections of a benchmark come from one host. */
export const SERVER_LIMITS = { maxConnectionsPerHost: Infinity };
