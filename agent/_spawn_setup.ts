/** What a spawned container is told, and what it tells of its start. */

import type { TlsOptions } from "../transports/tls_options.ts";

/**
 * All that a spawned container is made of. It travels as JSON, and where nobody
 * else can read it, since it holds what must be secret.
 */
export interface SpawnSetup {
  /** Begins what a process reports among the lines that it prints. */
  readonly marker: string;
  /** What the parent's connection will show to the manager. */
  readonly token: string;
  /** Where to listen. */
  readonly address: string;
  /** The address of the parent. */
  readonly parent: string;
  /** The URLs of the modules that may be loaded, by name. */
  readonly modules: Readonly<Record<string, string>>;
  readonly codec: SpawnCodec;
  /** Exports that are serializers, in order, as `module:export`. */
  readonly serializers: readonly string[];
  readonly clock: SpawnClockSetup | null;
  /** With PEM text, and no files. */
  readonly tls: TlsOptions | null;
  /** What it shows to others, as text. */
  readonly credentials: string | null;
  /** The export that tells who a peer is, as `module:export`. */
  readonly authenticate: string | null;
}

/** The codecs that can be named. */
export type SpawnCodec = "json" | "msgpack";

/** What an external clock is made of. */
export interface SpawnClockSetup {
  readonly utcStart: string;
  readonly initTime: number;
}

/** How the start went. */
export type SpawnReport =
  | { readonly kind: "started"; readonly address: string }
  | {
    readonly kind: "failed";
    /** Class name of the error. */
    readonly name: string;
    readonly message: string;
  };

/** What a parent asks for. */
export interface SpawnOrder {
  /** Close the container, within so many milliseconds. */
  readonly closeWithinMs: number;
}
