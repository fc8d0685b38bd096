// deno-lint-ignore-file no-import-prefix -- only this test needs the packages
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { z } from "npm:zod@4.6.7";
import { codecs } from "../../channel/fixtures/codecs.ts";
import { withCtx } from "../../testing/fixtures/everywhere.ts";
import { type Call, call } from "../call.ts";
import { AuthenticationError, ValidationError } from "../errors.ts";
import { expose } from "../service/expose.ts";
import { guarded, method } from "../service/method.ts";
import { withOptions } from "../options.ts";
import { service } from "../service/service.ts";

withCtx({
  name: "method() gives its handler what the schemas return, and the call",
  codecs,
}, async (ctx) => {
  const desk = service({
    fill: method(
      { args: [z.string(), z.number().default(7)], result: z.number() },
      (text, count, call) => {
        assertEquals(call.path, "fill");
        return text.length + count;
      },
    ),
    add: method({
      args: [z.string()],
      rest: z.string().transform(Number),
    }, (name, numbers) => `${name} ${numbers.reduce((a, b) => a + b, 0)}`),
    late: method({ args: [] }, async (call) => {
      await Promise.resolve();
      return call.path;
    }),
  });
  const { remote } = await ctx.rpc.startServerAndConnect(desk);
  assertEquals(await remote.fill("abc", 1), 4);
  assertEquals(await remote.add("sum", "1", "2", "3"), "sum 6");
  assertEquals(await remote.add("sum"), "sum 0");
  assertEquals(await remote.late(), "late");
  await assertRejects(() => remote.fill(1 as never), ValidationError);
  await assertRejects(() => remote.add("sum", 1 as never), ValidationError);
});

withCtx({
  name:
    "method() checks each item of a stream, and ends the producer of a bad one",
  codecs,
}, async (ctx) => {
  let ended = 0;
  async function* produce(last: unknown) {
    try {
      yield "1";
      yield last;
    } finally {
      ended++;
    }
  }
  const items = z.string().transform(Number);
  const streams = service({
    count: method(
      { args: [z.unknown()], items },
      (last) => produce(last) as AsyncIterable<string>,
    ),
    none: method({ args: [], items }, () => [1] as never),
  });
  const { remote } = await ctx.rpc.startServerAndConnect(streams);
  assertEquals(await Array.fromAsync(await remote.count("2")), [1, 2]);
  assertEquals(ended, 1);
  const bad = await remote.count(2);
  assertEquals((await bad.next()).value, 1);
  await assertRejects(() => bad.next(), ValidationError, "an item");
  assertEquals(ended, 2);
  const left = await remote.count("2");
  await left.next();
  await left.return!();
  assertEquals(ended, 3);
  await (await remote.count("2")).return!();
  await assertRejects(() => remote.none(), ValidationError, "no stream");
});

withCtx(
  "guards refuse a call before its schemas, and add to its context",
  async (ctx) => {
    const seen: string[] = [];
    function signedIn({ identity }: Call) {
      seen.push("signed in");
      if (typeof identity !== "string") throw new AuthenticationError("Who?");
      return { user: identity };
    }
    const personal = guarded(signedIn);
    class Office {
      @expose
      readonly greet = personal({
        args: [z.string()],
        use: [async ({ context: { user } }: Call<{ user: string }>) => {
          await Promise.resolve();
          return { length: user.length };
        }],
      }, (text, { context }) => `${text}, ${context.user} ${context.length}`);

      @expose({ use: [signedIn] })
      whoAmI(): unknown {
        return call<{ user: string }>().context.user;
      }
    }
    const server = await ctx.rpc.startServer(new Office(), {
      authenticate: (credentials) => credentials ?? true,
    });
    assert(server);
    const ada = await ctx.rpc.connect<Office>({ credentials: "Ada" });
    assertEquals(await ada.remote.greet("Hello"), "Hello, Ada 3");
    assertEquals(await ada.remote.whoAmI(), "Ada");
    const stranger = await ctx.rpc.connect<Office>();
    seen.length = 0;
    await assertRejects(
      () => stranger.remote.greet(1 as never),
      AuthenticationError,
    );
    await assertRejects(() => stranger.remote.whoAmI(), AuthenticationError);
    assertEquals(seen, ["signed in", "signed in"]);
  },
);

withCtx("middleware adds to the context of a call", async (ctx) => {
  const rooms = service({
    which: () => call<{ room: number; floor: number }>().context,
  });
  const { remote } = await ctx.rpc.startServerAndConnect(rooms, {
    server: {
      middleware: {
        requests: [
          (_call, next) => next({ context: { room: 1, floor: 1 } }),
          (_call, next) => next({ context: { room: 2 } }),
        ],
      },
    },
  });
  assertEquals(await remote.which(), { room: 2, floor: 1 });
});

withCtx(
  "a call given up while it is checked never starts its method",
  async (ctx) => {
    const checking = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    let started = 0;
    const hold = async () => {
      checking.resolve();
      await goOn.promise;
    };
    const slow = service({
      run: method({ args: [], use: [hold] }, () => void started++),
      ping: () => {},
    });
    const { remote } = await ctx.rpc.startServerAndConnect(slow);
    const controller = new AbortController();
    const { signal } = controller;
    // After this call, a cancellation is sent at once.
    await remote.ping();
    const given = withOptions(remote, { signal }).run();
    await checking.promise;
    controller.abort(new Error("given up"));
    await assertRejects(() => given, Error, "given up");
    await remote.ping();
    goOn.resolve();
    await remote.ping();
    assertEquals(started, 0);
  },
);

Deno.test("method() without a function is refused when it is defined", () => {
  const untyped = method as unknown as (options: object) => unknown;
  for (const define of [untyped, guarded() as unknown as typeof untyped]) {
    assertThrows(() => define({ args: [] }), TypeError, "then a function");
  }
});
