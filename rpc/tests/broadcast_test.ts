import { assertEquals, assertInstanceOf } from "@std/assert";
import { RemoteError } from "../../channel/errors.ts";
import { withCtx } from "../../testing/fixtures/everywhere.ts";
import { broadcast } from "../broadcast.ts";
import type { RpcClient } from "../rpc_client.ts";
import { service } from "../service/service.ts";

withCtx(
  "broadcast() reaches all clients, and tells those that failed",
  async (ctx) => {
    const heard: number[] = [];
    const listener = (id: number) =>
      service({
        hear(text: string) {
          if (id === 1) throw new RangeError("too loud");
          heard.push(id * text.length);
        },
      });
    const server = await ctx.rpc.startServer<
      RpcClient<ReturnType<typeof listener>>
    >(
      service({ ping: () => {} }),
    );
    for (let id = 0; id < 4; id++) {
      const client = await ctx.rpc.connect<{ ping(): void }>({
        service: listener(id),
      });
      await client.remote.ping();
    }
    const failed = await broadcast(server.clients, (it) => it.hear("abc"));
    assertEquals(heard.sort(), [0, 6, 9]);
    assertEquals(
      failed.map(({ client }) => [...server.clients].indexOf(client)),
      [
        1,
      ],
    );
    assertInstanceOf(failed[0]!.error, RemoteError);
    // A call that throws at once does not prevent the others.
    let calls = 0;
    const all = await broadcast(server.clients, () => {
      calls++;
      throw new Error("no");
    });
    assertEquals([calls, all.length], [4, 4]);
    assertEquals(await broadcast([], () => {}), []);
  },
);
