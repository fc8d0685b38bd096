import { Lines } from "../_lines.ts";
import { GRACE_MS } from "../../supervision/_agent_lifecycle.ts";
import type { ParentLine } from "./_run_container.ts";
import type { SpawnOrder, SpawnReport, SpawnSetup } from "../_setup.ts";

const setup = Promise.withResolvers<SpawnSetup>();
const closing = Promise.withResolvers<number>();
let marker = "";
let isLoading = true;

/** The parent, which speaks by standard input, and is heard by output. */
export const parent: ParentLine = {
  setup: setup.promise,
  closeWithinMs: closing.promise,
  report(report: SpawnReport): void {
    const line = `${marker}${JSON.stringify(report)}\n`;
    Deno.stdout.writeSync(new TextEncoder().encode(line));
  },
};

/** All modules are loaded: from now on an end is an orderly one. */
export function loaded(): void {
  isLoading = false;
}

/**
 * Listens to the parent, for as long as this process lives. To be called before
 * any module of the user is run, which may take for ever: when the parent is
 * gone, so is this process.
 */
export async function listen(): Promise<void> {
  // Ctrl+C in a terminal reaches the parent as well, which decides what ends.
  Deno.addSignalListener("SIGINT", () => {});
  let isFirst = true;
  const lines = new Lines((line) => {
    if (isFirst) begin(JSON.parse(line));
    else closing.resolve((JSON.parse(line) as SpawnOrder).closeWithinMs);
    isFirst = false;
    // Certificates can be long, and the parent is trusted.
  }, Infinity);
  const input = Deno.stdin.readable.pipeThrough(new TextDecoderStream());
  for await (const text of input) lines.add(text);
  // There is nothing yet that would have to be closed.
  if (isLoading) Deno.exit(1);
  closing.resolve(GRACE_MS);
}

function begin(received: SpawnSetup): void {
  marker = received.marker;
  setup.resolve(received);
}
