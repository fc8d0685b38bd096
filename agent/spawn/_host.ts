import type { SpawnReport, SpawnSetup } from "./_setup.ts";

/** Where a line came from. */
export type LineSource = "stdout" | "stderr";

/** What a {@linkcode SpawnedHost} is started with. */
export interface SpawnedHostOptions {
  readonly setup: SpawnSetup;
  /** Hears each line that is printed, without its end. */
  readonly onLine: (line: string, from: LineSource) => void;
}

/** How a process or Worker ended. */
export interface HostEnd {
  /** Its exit code, where it has one. */
  readonly code: number | undefined;
  /** Whether it ended as it should. */
  readonly isOrderly: boolean;
  /** What became of it, to follow "it", as in `"ended with code 1"`. */
  readonly what: string;
}

/** The process or Worker in which a container is spawned. */
export interface SpawnedHost {
  /** The id of the process, if it is one. */
  readonly pid?: number;
  /** Resolves to how the start went; waits for ever if it never tells. */
  readonly report: Promise<SpawnReport>;
  /** Resolves when it is gone and its last line was handed on. Never rejects. */
  readonly ended: Promise<HostEnd>;
  /** Asks it to close its container and to end. */
  close(graceMs: number): void;
  /** Ends it at once. */
  kill(): void;
}
