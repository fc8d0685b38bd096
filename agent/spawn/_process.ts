import { within } from "../../channel/internal.ts";
import { Lines } from "./_lines.ts";
import type {
  HostEnd,
  LineSource,
  SpawnedHost,
  SpawnedHostOptions,
} from "./_host.ts";
import { asUrl, callOf } from "./_program.ts";
import {
  readReport,
  type SpawnOrder,
  type SpawnReport,
  type SpawnSetup,
} from "./_setup.ts";

/**
 * How long the output may go on when the process is gone: what it has started
 * itself may hold it open for ever.
 */
const OUTPUT_MS = 1_000;

/** What a {@linkcode SpawnedProcess} is started with. */
export interface SpawnedProcessOptions extends SpawnedHostOptions {
  /** Flags for `deno run`: its permissions, and what the user has given. */
  readonly flags: readonly string[];
  /** Its whole environment. */
  readonly env: Record<string, string>;
}

/** A process of Deno that runs a container. */
export class SpawnedProcess implements SpawnedHost {
  readonly pid: number;
  readonly report: Promise<SpawnReport>;
  readonly ended: Promise<HostEnd>;
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #resolveReport: (report: SpawnReport) => void;
  readonly #options: SpawnedProcessOptions;

  /**
   * Starts it.
   *
   * @throws {Error} The system's error, if that is not possible or not allowed.
   */
  constructor(options: SpawnedProcessOptions) {
    const { setup, flags, env } = options;
    this.#options = options;
    this.#child = new Deno.Command(Deno.execPath(), {
      args: runArgs(setup, flags),
      clearEnv: true,
      env,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.pid = this.#child.pid;
    const { promise, resolve } = Promise.withResolvers<SpawnReport>();
    this.report = promise;
    this.#resolveReport = resolve;
    this.#input = this.#child.stdin.getWriter();
    this.#write(setup);
    this.ended = this.#run();
  }

  #write(message: SpawnSetup | SpawnOrder): void {
    const line = new TextEncoder().encode(`${JSON.stringify(message)}\n`);
    // If it is gone, `ended` tells.
    this.#input.write(line).catch(() => {});
  }

  async #run(): Promise<HostEnd> {
    const stop = new AbortController();
    const { stdout, stderr } = this.#child;
    const output = Promise.all([
      this.#read(stdout, "stdout", stop.signal),
      this.#read(stderr, "stderr", stop.signal),
    ]);
    const { code, signal } = await this.#child.status;
    await within(OUTPUT_MS, output);
    stop.abort();
    await output;
    // It fails if the process was gone first.
    await this.#input.close().catch(() => {});
    return {
      code,
      isOrderly: code === 0,
      what: signal === null
        ? `ended with code ${code}`
        : `was ended by ${signal}`,
    };
  }

  async #read(
    output: ReadableStream<Uint8Array>,
    from: LineSource,
    signal: AbortSignal,
  ): Promise<void> {
    const lines = new Lines((line) => this.#hear(line, from));
    const text = new WritableStream<string>({ write: (it) => lines.add(it) });
    await output.pipeThrough(new TextDecoderStream())
      .pipeTo(text, { signal })
      // It is stopped when the process is gone, or broken, which is the same.
      .catch(() => {});
    lines.end();
  }

  #hear(line: string, from: LineSource): void {
    const { marker } = this.#options.setup;
    const at = from === "stdout" ? line.indexOf(marker) : -1;
    if (at === -1) return this.#options.onLine(line, from);
    // What was printed before had no line end.
    if (at > 0) this.#options.onLine(line.slice(0, at), from);
    this.#resolveReport(readReport(parsed(line.slice(at + marker.length))));
  }

  close(graceMs: number): void {
    this.#write({ closeWithinMs: graceMs });
    this.#input.close().catch(() => {});
  }

  kill(): void {
    try {
      this.#child.kill("SIGKILL");
    } catch (error) {
      // It has just ended by itself.
      if (!(error instanceof TypeError)) throw error;
    }
  }
}

/** Data in JSON; `null` if it is none. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Any code in the process can print what looks like a report.
    return null;
  }
}

function runArgs(
  setup: SpawnSetup,
  flags: readonly string[],
): string[] {
  return ["run", "--no-prompt", ...flags, programFor(setup)];
}

/**
 * A program that imports the modules by name, since one that loads them later
 * would need the permission to read them and all that they import. The first
 * import listens to the parent, whatever the others do; what follows the
 * imports runs when all of them are through.
 */
function programFor({ modules }: SpawnSetup): string {
  const listening = callOf("child/_stdin.ts", "listen");
  const imports = [asUrl(listening), ...new Set(Object.values(modules))];
  return asUrl([
    ...imports.map((it) => `import ${JSON.stringify(it)};`),
    callOf("child/_process_main.ts", "main"),
  ].join("\n"));
}
