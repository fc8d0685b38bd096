import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Middleware } from "@denomas/denomas/rpc";
import { join } from "@std/path";
import { demoOutput } from "../fixtures/demo_output.ts";
import { expectedOf } from "./expected.ts";
import { planWeek } from "./plan.ts";
import { runWeek } from "./week.ts";

Deno.test("The contract net comes out the same in one process and in four", async () => {
  const folder = await Deno.makeTempDir();
  const picture = join(folder, "week.svg");
  const file = new URL("main.ts", import.meta.url);
  const output = await demoOutput(file, picture, "3", "1");
  assertStringIncludes(output, "are as a plain computation says");
  assertStringIncludes(await Deno.readTextFile(picture), "</svg>");
  await Deno.remove(folder, { recursive: true });
});

Deno.test("Ten runs of the contract net with one seed have the same messages, also of restarts", async () => {
  const plan = planWeek(1);
  const ends = expectedOf(plan).map(({ end }) => end);
  assertEquals(new Set(ends), new Set(["done", "repaired", "lost"]));
  const hashes = new Set<string>();
  let count = 0;
  for (let run = 0; run < 10; run++) {
    const messages = await messagesOf(plan);
    count = messages.length;
    const bytes = new TextEncoder().encode(messages.join("\n"));
    const hash = await crypto.subtle.digest("SHA-256", bytes);
    hashes.add(new Uint8Array(hash).toHex());
  }
  assertEquals(hashes.size, 1);
  assertEquals(count > 10_000, true, `${count} messages`);
});

/** Returns each call made or served, and each answer, in order. */
async function messagesOf(plan: Parameters<typeof runWeek>[0]) {
  const messages: string[] = [];
  const note = (...what: unknown[]) =>
    // Remove connection numbers, which keep counting across runs.
    messages.push(
      JSON.stringify(what).replaceAll(/(?<=local:\/\/\w+)#\d+/g, ""),
    );
  const noted = (kind: string) =>
  async (
    { path, args }: {
      readonly path: string;
      readonly args: readonly unknown[];
    },
    next: () => Promise<unknown>,
  ) => {
    const id = note(kind, path, args);
    try {
      const result = await next();
      note(kind, id, result);
      return result;
    } catch (error) {
      note(kind, id, String(error));
      throw error;
    }
  };
  const middleware: Middleware = {
    calls: [noted("call")],
    requests: [noted("request")],
  };
  const kinds = ["here", "here", "here", "here"] as const;
  await runWeek(plan, { kinds, middleware });
  return messages;
}
