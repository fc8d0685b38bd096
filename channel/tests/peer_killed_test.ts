import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { withCtx } from "../../testing/ctx.ts";
import { parseAddress } from "../../transports/address.ts";
import {
  startProcess,
  type TestProcess,
} from "../../transports/fixtures/start_process.ts";
import { ConnectionClosedError } from "../errors.ts";
import { openConnection } from "../deno.ts";

/** Starts a server in its own process. */
async function startVictim(address: string): Promise<TestProcess> {
  const script = new URL("../fixtures/mute_server.ts", import.meta.url).href;
  return await startProcess(script, address);
}

/** A killed server cannot remove the file of its socket. */
async function removeSocket(address: string): Promise<void> {
  const parsed = parseAddress(address);
  if ("path" in parsed) await Deno.remove(parsed.path);
}

for (const deed of ["idle", "calls pending", "in the middle of a frame"]) {
  withCtx({
    name: `peer killed while ${deed}: every call settles`,
    transports: ["tcp", "unix"],
    timeoutMs: 20_000,
  }, async (ctx) => {
    await using victim = await startVictim(ctx.address);
    const channel = ctx.use(
      await openConnection(victim.line, {
        ...ctx.options,
        retryForMs: 5_000,
      }),
    );
    assertEquals(await channel.send("ping"), "pong");
    const calls: Promise<unknown>[] = [];
    if (deed === "calls pending") {
      for (let i = 0; i < 1_000; i++) calls.push(channel.send(i));
      assertEquals(await channel.send("ping"), "pong");
    } else if (deed !== "idle") {
      calls.push(channel.send("flood"));
      while (channel.stats().bytesIn < 100_000) {
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    const settled = Promise.allSettled(calls);
    const killed = victim.kill();
    const reason = await channel.closed;
    assert(reason.by !== "local");
    await killed;
    await removeSocket(victim.line);
    for (const result of await settled) {
      // The flood may have arrived whole before the signal.
      if (result.status === "fulfilled") continue;
      assertInstanceOf(result.reason, ConnectionClosedError);
      assertEquals(result.reason.sent, true);
    }
    assertEquals(channel.stats().pendingCalls, 0);
  });
}
