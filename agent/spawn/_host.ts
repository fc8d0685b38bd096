import { within } from "../../channel/internal.ts";
import { SpawnError } from "../errors.ts";
import type { OnLog } from "./contract.ts";
import type { ControlPoint, WorkerOutput } from "./_control.ts";
import type { SpawnPlan } from "./_plan.ts";
import type { ProcessPlan } from "./_process_plan.ts";

/** How a process or Worker ended. */
export interface HostEnd {
  /** The exit code, if there is one. */
  readonly code?: number | undefined;
  /** A short description, such as `"it ended with code 1"`. */
  readonly message: string;
}

/** A process or Worker that runs a container. */
export interface Host {
  /** The id of the process; `undefined` for a Worker. */
  readonly pid?: number;
  /**
   * Resolves when the process or Worker is gone and its last line was passed
   * on.
   */
  readonly ended: Promise<HostEnd>;
  /** Ends the process or Worker at once. */
  kill(): void;
}

/** Starts the process or Worker of a container. */
export function startHost(
  { address, process }: SpawnPlan,
  point: ControlPoint,
  onLine: OnLog,
): Host {
  return process === null
    ? startWorker(point, onLine, address)
    : startProcess(point, onLine, process);
}

/**
 * The time limit for reading the output of a process that is gone. Programs
 * that it has started may keep its output open forever.
 */
const OUTPUT_MS = 1_000;

/**
 * Starts a Deno process. Its program imports the modules by name, since loading
 * them later would need read permission. The first import connects to the
 * parent before any module of the user runs, which may take forever; `main`
 * runs after the last import.
 *
 * @throws {Error} The system's error, if the start fails or is not allowed.
 */
function startProcess(
  point: ControlPoint,
  onLine: OnLog,
  { modules, flags, env }: ProcessPlan,
): Host {
  const program = [
    `import { main } from ${JSON.stringify(childFile("process"))};`,
    ...Array.from(modules, (it) => `import ${JSON.stringify(it)};`),
    "main();",
  ].join("\n");
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      ...flags(point.address),
      `data:text/javascript,${encodeURIComponent(program)}`,
    ],
    clearEnv: true,
    env,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const kill = () => {
    try {
      child.kill("SIGKILL");
    } catch (error) {
      // The process has just ended by itself.
      if (!(error instanceof TypeError)) throw error;
    }
  };
  return { pid: child.pid, ended: attend(child, point, onLine), kill };
}

/** Writes the input of a process and reads its output, until it ends. */
async function attend(
  child: Deno.ChildProcess,
  point: ControlPoint,
  onLine: OnLog,
): Promise<HostEnd> {
  const stop = new AbortController();
  const pipes = [
    new Blob([JSON.stringify(point)]).stream().pipeTo(child.stdin),
    ...(["stdout", "stderr"] as const).map(async (from) => {
      const lines = new Lines((line) => onLine(line, from));
      const write = (text: string) => lines.add(text);
      await child[from].pipeThrough(new TextDecoderStream())
        .pipeTo(new WritableStream({ write }), stop)
        .finally(() => lines.end());
    }),
  ];
  // The pipes fail if the process is gone, or its own child processes keep its
  // output open.
  const piped = Promise.allSettled(pipes);
  const { code, signal } = await child.status;
  await within(OUTPUT_MS, piped);
  stop.abort();
  await piped;
  const how = signal === null
    ? `ended with code ${code}`
    : `was ended by ${signal}`;
  return { code, message: `it ${how}` };
}

/** Starts a Worker. */
function startWorker(
  point: ControlPoint,
  onLine: OnLog,
  name: string,
): Host {
  const { promise: ended, resolve } = Promise.withResolvers<HostEnd>();
  const worker = new Worker(childFile("worker"), { type: "module", name });
  const { port1, port2: output } = new MessageChannel();
  const end = (how: string, code?: number) => {
    worker.terminate();
    port1.close();
    resolve({ code, message: `it ${how}` });
  };
  const lines = {
    stdout: new Lines((line) => onLine(line, "stdout")),
    stderr: new Lines((line) => onLine(line, "stderr")),
  };
  port1.onmessage = ({ data }: MessageEvent<WorkerOutput>) => {
    if ("text" in data) lines[data.from].add(data.text);
    else end(`ended with code ${data.code}`, data.code);
  };
  worker.onerror = (event) => {
    // Otherwise the error would end this process, too.
    event.preventDefault();
    onLine(`error: ${event.message}`, "stderr");
    end("ended with code 1", 1);
  };
  worker.postMessage({ ...point, output }, [output]);
  return { ended, kill: () => end("was ended") };
}

function childFile(kind: "process" | "worker"): string {
  if (import.meta.url.endsWith("/spawn/_host.ts")) {
    return new URL(`child/_${kind}.ts`, import.meta.url).href;
  }
  throw new SpawnError(
    "this program was bundled, and the files that the child runs are not beside it, run it from its source files or keep denomas out of the bundle",
  );
}

/** The maximum length of a line, in UTF-16 units. */
const MAX_LENGTH = 65_536;

/** Splits text that arrives in parts into lines. */
export class Lines {
  readonly #onLine: (line: string) => void;
  #rest = "";

  /**
   * Creates a splitter. `onLine` receives each line without its line break. A
   * long line that arrives in parts is cut, to limit the memory that it takes.
   */
  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  /** Adds text. */
  add(text: string): void {
    const lines = text.split("\n");
    const last = lines.pop()!;
    for (const line of lines) this.#emit(line);
    this.#rest += last;
    while (this.#rest.length > MAX_LENGTH) {
      const after = this.#rest.slice(MAX_LENGTH);
      this.#rest = this.#rest.slice(0, MAX_LENGTH);
      this.#emit("");
      this.#rest = after;
    }
  }

  /** Ends the text. The remaining text becomes the last line. */
  end(): void {
    if (this.#rest !== "") this.#emit("");
  }

  #emit(end: string): void {
    const line = this.#rest + end;
    this.#rest = "";
    this.#onLine(line.endsWith("\r") ? line.slice(0, -1) : line);
  }
}
