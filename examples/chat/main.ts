/**
 * A chat for browsers, with rooms, a list of the people in each room, and pages
 * that reconnect automatically.
 *
 *     deno run -A examples/chat/main.ts --port=8000 --file=lines.jsonl
 *
 * It serves until it is interrupted. With `--file` the lines survive a restart;
 * with `--picture=chat.png` it takes a picture of itself with Chromium and
 * exits.
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
