import { assert, assertEquals, assertRejects } from "@std/assert";
import { propagation, SpanKind } from "@opentelemetry/api";
import { RemoteError } from "../../channel/errors.ts";
import { withOptions } from "../../rpc/options.ts";
import { service } from "../../rpc/service/service.ts";
import { MISBEHAVING } from "../../testing/fixtures/misbehaving.ts";
import type { Ctx } from "../../testing/ctx_contract.ts";
import { withCtx } from "../../testing/ctx.ts";
import { Recorder } from "./fixtures/recorder.ts";
import { openTelemetry, type OpenTelemetryOptions } from "./open_telemetry.ts";

const adder = service({
  add: (a: number, b: number) => a + b,
  fail: () => {
    throw new RangeError("no such number");
  },
});

// deno-lint-ignore no-explicit-any -- what the types forbid, JavaScript does
type Hook = any;

/** Calls with telemetry on both sides. */
async function callWith(ctx: Ctx, options: OpenTelemetryOptions) {
  const { calls, requests, connections } = openTelemetry(options);
  const all = {
    middleware: {
      calls: [calls],
      requests: [requests],
      connections: [connections],
    },
  };
  const client = await ctx.rpc.startServerAndConnect(adder, {
    server: all,
    client: all,
  });
  assertEquals(await client.remote.add(1, 2), 3);
  const error = await assertRejects(() => client.remote.fail(), RemoteError);
  assertEquals(error.remoteName, "RangeError");
  await client.close();
  await nextTurn();
}

for (const { name, run } of MISBEHAVING) {
  withCtx({
    name: `OpenTelemetryOptions.methodName that ${name}`,
    transports: ["memory"],
  }, async (ctx) => {
    const recorder = Recorder.register();
    await callWith(ctx, { methodName: run as Hook });
    for (const kind of [SpanKind.CLIENT, SpanKind.SERVER]) {
      assert(recorder.span(kind, "add").isEnded);
    }
  });
}

withCtx(
  "openTelemetry() keeps short what the other side sends",
  async (ctx) => {
    const recorder = Recorder.register();
    const long = "😀".repeat(50_000);
    const hostile = service({
      fail: () => {
        throw Object.assign(new Error(long), { name: long, code: long });
      },
    });
    const { calls, requests } = openTelemetry();
    const { remote } = await ctx.rpc.startServerAndConnect(hostile, {
      client: { middleware: { calls: [calls] } },
      server: { middleware: { requests: [requests] } },
    });
    await assertRejects(() => remote.fail());
    const missing = remote as unknown as Record<string, () => Promise<void>>;
    await assertRejects(() => missing[long]!());
    const meta = { traceparent: long };
    await assertRejects(() => withOptions(remote, { meta }).fail());
    for (const { name, attributes, exceptions, status } of recorder.spans) {
      assert(name.length <= 257 && name.isWellFormed());
      for (const value of Object.values(attributes)) {
        const text = String(value);
        assert(text.length <= 257 && text.isWellFormed());
      }
      for (const text of Object.values(exceptions[0] as object)) {
        assert(text.length <= 4_097 && text.isWellFormed());
      }
      assert(status!.message!.length <= 4_097);
    }
    assertEquals(recorder.spans.length, 6);
  },
);

withCtx("openTelemetry() reads no context that is too long", async (ctx) => {
  const read: unknown[] = [];
  Recorder.unregister();
  propagation.setGlobalPropagator({
    fields: () => [],
    inject: () => {},
    extract: (into, meta, getter) => {
      read.push(getter.get(meta, "baggage")?.length);
      return into;
    },
  });
  const { requests } = openTelemetry();
  const { remote } = await ctx.rpc.startServerAndConnect(adder, {
    server: { middleware: { requests: [requests] } },
  });
  for (const length of [1, 8_192, 8_193, 100_000]) {
    const meta = { baggage: "x".repeat(length) };
    await withOptions(remote, { meta }).add(1, 2);
  }
  assertEquals(read, [1, 8_192, undefined, undefined]);
});

withCtx(
  "openTelemetry() has no series of paths that are refused",
  async (ctx) => {
    const recorder = Recorder.register();
    const { requests } = openTelemetry();
    const refuse = () => {
      throw new Error("strangers may not");
    };
    const { remote } = await ctx.rpc.startServerAndConnect(adder, {
      server: { middleware: { requests: [requests, refuse] } },
    });
    const any = remote as unknown as Record<string, () => Promise<void>>;
    for (let i = 0; i < 300; i++) await assertRejects(() => any[`path${i}`]!());
    const names = new Set(
      recorder.measurements.map(({ attributes }) => attributes["rpc.method"]),
    );
    names.delete(undefined);
    assertEquals(names.size, 101);
  },
);

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
