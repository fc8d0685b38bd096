import { Child } from "../_child.ts";

// Ctrl+C in a terminal also reaches the parent, which decides what to end.
Deno.addSignalListener("SIGINT", () => {});

const point = JSON.parse(await new Response(Deno.stdin.readable).text());

const loaded = Promise.withResolvers<void>();

const child = new Child({
  hasPermissions: true,
  isLoaded: loaded.promise,
  print: (text) => Deno.stderr.writeSync(new TextEncoder().encode(text)),
  exit: Deno.exit,
});

/** The connection to the parent. */
export const parent = await child.connect(point);

child.takeUncaught();

/** Lets the parent open the container, once all modules are loaded. */
export const main = loaded.resolve;
