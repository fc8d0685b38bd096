import { fileURLToPath } from "node:url";
import { importMapFlags } from "../tools/import_map_flags.ts";
import { denoCommand } from "./_pin.ts";
import type { Serving } from "./subjects/subject.ts";

/** How servers are run. */
export interface ServerProcessOptions {
  /** Flags for `deno run`. */
  readonly flags: readonly string[];
  /** Whether they stay on a core of their own. */
  readonly isPinned: boolean;
}

/** Serves a subject in a process of its own, which disposal ends. */
export async function serveInProcess(
  subject: string,
  address: string,
  { flags, isPinned }: ServerProcessOptions,
): Promise<Serving> {
  const [program, args] = denoCommand([
    "run",
    "-A",
    ...importMapFlags(),
    ...flags,
    fileURLToPath(new URL("serve.ts", import.meta.url)),
    subject,
    address,
  ], isPinned);
  const child = new Deno.Command(program, {
    args,
    // It serves until this ends, which happens even if this process is killed.
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  return {
    address: await firstLine(child),
    [Symbol.asyncDispose]: async () => {
      await child.stdin.close();
      await child.status;
    },
  };
}

async function firstLine(child: Deno.ChildProcess): Promise<string> {
  let text = "";
  for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += part;
    const end = text.indexOf("\n");
    if (end >= 0) return text.slice(0, end);
  }
  throw new Error("The server ended before it printed its address");
}
