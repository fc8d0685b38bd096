/** What a spawned container is told, and what it tells of its start. */

import { printable } from "../../transports/printable.ts";
import type { TlsOptions } from "../../transports/tls/options.ts";

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
  readonly listens: string;
  /** Its address, as its parent knows it. */
  readonly address: string;
  /** The host in that, where it is not the one it listens at. */
  readonly publicHost: string | null;
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
  /** The export that tells whom it may dial for peers, as `module:export`. */
  readonly allowConnect: string | null;
  /** The export that tells to whom else it shows what it has. */
  readonly credentialsFor: string | null;
}

/** The codecs that can be named. */
export type SpawnCodec = "json" | "msgpack";

/** What an external clock is made of. */
export interface SpawnClockSetup {
  readonly utcStart: string;
  readonly initTime: number;
}

/**
 * How the start went. Of where it listens it tells nothing: its parent knows,
 * and would believe nothing else.
 */
export type SpawnReport =
  | { readonly kind: "started" }
  | {
    readonly kind: "failed";
    /** Class name of the error. */
    readonly name: string;
    readonly message: string;
  };

/** The report in data of a spawned container, which may be anything. */
export function readReport(data: unknown): SpawnReport {
  const { kind, name, message } = (data ?? {}) as Record<string, unknown>;
  if (kind === "started") return { kind };
  return {
    kind: "failed",
    name: typeof name === "string" ? printable(name) : "Error",
    message: typeof message === "string"
      ? printable(message, MAX_MESSAGE_LENGTH)
      : "it reported nothing that can be read",
  };
}

/** How much of a spawned container's error message is shown. */
const MAX_MESSAGE_LENGTH = 2_000;

/** What a parent asks for. */
export interface SpawnOrder {
  /** Close the container, within so many milliseconds. */
  readonly closeWithinMs: number;
}
