import { assertEquals, assertRejects } from "@std/assert";
import { denoCommand, PeerProcess } from "./peer_process.ts";

const ECHO = denoCommand(new URL("fixtures/echo.ts", import.meta.url));

Deno.test("PeerProcess asks, hears lines and passes errors on", async () => {
  const lines: string[] = [];
  await using peer = new PeerProcess(ECHO, { onLine: (it) => lines.push(it) });
  assertEquals(await peer.first, "ready");
  assertEquals(
    await Promise.all([peer.ask("echo", { value: [1] }), peer.ask("print")]),
    [[1], null],
  );
  assertEquals(lines, ["printed"]);
  await assertRejects(() => peer.ask("fail"), Error, "no such luck");
});

Deno.test("PeerProcess rejects requests when the process is killed", async () => {
  await using peer = new PeerProcess(ECHO, { limitMs: 500 });
  await peer.first;
  await assertRejects(() => peer.ask("hang"), Error, "before its time");
  await assertRejects(() => peer.ask("echo"), Error, "before its time");
});

Deno.test("PeerProcess tells at its end that the process failed", async () => {
  const peer = new PeerProcess(ECHO);
  peer.ask("exit").catch(() => {});
  await assertRejects(
    async () => await peer[Symbol.asyncDispose](),
    Error,
    "before its time",
  );
});
