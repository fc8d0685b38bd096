import type { Caller, Subject } from "../subject.ts";

/** What a peer may tell beyond {@linkcode Subject}. */
export interface Peer extends Subject {
  /**
   * Where its server runs. `"worker"`: `serve` starts a thread of the process
   * that calls it, and `connect` finds it there, so that both must be called
   * in one process: the client's, in which a server's CPU time counts, too.
   *
   * @default {"process"}
   */
  readonly place?: "process" | "worker";
  /**
   * The kinds of address that `serve` takes.
   *
   * @default {["tcp"]}
   */
  readonly transports?: readonly ("tcp" | "unix")[];
  /**
   * Resolves to why it cannot be measured on this machine, in a few words, or
   * to `null` if it can. Where it resolves to a reason, `serve` and `connect`
   * throw.
   *
   * @default {it can be measured everywhere}
   */
  missing?(): Promise<string | null>;
  connect(address: string): Promise<PeerCaller>;
}

/** What a peer's client may do beyond {@linkcode Caller}. */
export interface PeerCaller extends Caller {
  /**
   * Makes `calls` calls, `inFlight` of them under way at any time, by a client
   * that is not of this process. Where this is there, it is to be measured in
   * place of a loop around `call`, which would add the way to that client, and
   * for warming up, too.
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
