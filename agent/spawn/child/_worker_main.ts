import { Console } from "node:console";
import { Writable } from "node:stream";
import { type ParentLine, runHome } from "./_run_container.ts";
import type { LineSource } from "../_host.ts";
import type { SpawnOrder, SpawnSetup } from "../_setup.ts";
import type { WorkerMessage } from "../_worker_message.ts";

/** What a Worker's global scope has, and the types of other programs lack. */
interface WorkerScope extends EventTarget {
  postMessage(message: WorkerMessage): void;
}

const scope = globalThis as unknown as WorkerScope;

/** Runs a spawned Worker, to its end, which the parent makes. */
export async function main(): Promise<void> {
  const parent = listen();
  redirectConsole();
  reportErrors();
  const isOrderly = await runHome(parent);
  scope.postMessage({ kind: "ended", code: isOrderly ? 0 : 1 });
}

function listen(): ParentLine {
  const setup = Promise.withResolvers<SpawnSetup>();
  const closing = Promise.withResolvers<number>();
  scope.addEventListener("message", (event) => {
    const data: SpawnSetup | SpawnOrder = (event as MessageEvent).data;
    if ("token" in data) setup.resolve(data);
    else closing.resolve(data.closeWithinMs);
  });
  return {
    setup: setup.promise,
    closeWithinMs: closing.promise,
    report: (report) => scope.postMessage({ kind: "report", report }),
  };
}

/** What a Worker prints would go to the standard streams of the process. */
function redirectConsole(): void {
  globalThis.console = new Console({
    stdout: printer("stdout"),
    stderr: printer("stderr"),
    colorMode: false,
  });
}

/** So that Deno itself does not print them there. */
function reportErrors(): void {
  scope.addEventListener("error", (event) => {
    event.preventDefault();
    crash((event as ErrorEvent).error);
  });
  scope.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    crash((event as PromiseRejectionEvent).reason);
  });
}

function printer(from: LineSource): Writable {
  return new Writable({
    decodeStrings: false,
    write(text: unknown, _encoding, done): void {
      scope.postMessage({ kind: "output", text: String(text), from });
      done();
    },
  });
}

function crash(error: unknown): void {
  const text = error instanceof Error ? error.stack : undefined;
  scope.postMessage({
    kind: "output",
    text: `error: Uncaught ${text ?? error}\n`,
    from: "stderr",
  });
  scope.postMessage({ kind: "ended", code: 1 });
}
