/**
 * A chat for browsers: rooms, who is there, and pages that come back by
 * themselves.
 *
 *     deno run -A examples/chat/main.ts --port=8000 --file=lines.jsonl
 *
 * It serves until it is ended. With `--file` the lines outlast it; with
 * `--picture=chat.png` it draws itself, by Chromium, and ends.
 *
 * @module
 */
import { print } from "../print.ts";
import { runDemo } from "../run_demo.ts";
import { drawChat } from "./fixtures/picture.ts";
import { startChat } from "./server.ts";

const options = new Map(
  Deno.args.map((it) => it.replace(/^--/, "").split("=") as [string, string]),
);

/** Serves the chat until `signal` aborts. */
export async function demonstrate(signal: AbortSignal): Promise<void> {
  const port = Number(options.get("port") ?? 0);
  await using chat = await startChat(port, options.get("file"));
  print(`A chat: open ${chat.address} in two windows`);
  const picture = options.get("picture");
  if (picture !== undefined) {
    return await Deno.writeFile(
      picture,
      await drawChat(chat.address),
    );
  }
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
}

if (import.meta.main) await runDemo(demonstrate);
