import type { Subject } from "../subject.ts";

/** What a peer may tell beyond {@linkcode Subject}. */
export interface Peer extends Subject {
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
}
