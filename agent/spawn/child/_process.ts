import { connectToParent } from "../_control.ts";
import { onUncaught, runContainer } from "./_run.ts";

// Ctrl+C in a terminal reaches the parent as well, which decides what ends.
Deno.addSignalListener("SIGINT", () => {});

const point = JSON.parse(await new Response(Deno.stdin.readable).text());

/** The connection to the parent. */
export const parent = await connectToParent(point);

let isLoaded = false;
parent.closed.then(() => {
  // While the modules load there is no container that would have to be closed.
  if (!isLoaded) Deno.exit(1);
});
onUncaught(
  (text) => Deno.stderr.writeSync(new TextEncoder().encode(text)),
  Deno.exit,
);

/** Runs the container of this process, and ends the process with it. */
export async function main(): Promise<never> {
  isLoaded = true;
  Deno.exit(await runContainer(parent.remote, point.token) ? 0 : 1);
}
