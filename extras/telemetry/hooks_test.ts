import { assert, assertEquals, assertRejects } from "@std/assert";
import { SpanKind } from "@opentelemetry/api";
import { RemoteError } from "../../channel/errors.ts";
import { withOptions } from "../../rpc/options.ts";
import { service } from "../../rpc/service.ts";
import { captureStderr } from "../../testing/fixtures/capture_stderr.ts";
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

/** What to give to telemetry, with `run` in the place of one function. */
function parts(run: Hook): Readonly<Record<string, OpenTelemetryOptions>> {
  const { options } = new Recorder();
  const meter = (add: Hook, record: Hook): Hook => ({
    createHistogram: () => ({ record }),
    createUpDownCounter: () => ({ add }),
  });
  const span = (own: Hook): Hook => ({
    startSpan: () => ({
      spanContext: () => ({}),
      setAttributes: () => {},
      setStatus: () => {},
      updateName: () => {},
      recordException: () => {},
      end: () => {},
      ...own,
    }),
  });
  return {
    "Tracer.startSpan": { ...options, tracer: { startSpan: run } as Hook },
    "Span.end": { ...options, tracer: span({ end: run }) },
    "Histogram.record": { ...options, meter: meter(() => {}, run) },
    "UpDownCounter.add": { ...options, meter: meter(run, () => {}) },
    "inject": {
      ...options,
      propagator: { ...options.propagator, inject: run } as Hook,
    },
    "extract": {
      ...options,
      propagator: { ...options.propagator, extract: run } as Hook,
    },
    "methodName": { ...options, methodName: run },
  };
}

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

for (const { name, run, fails } of MISBEHAVING) {
  for (const [part, options] of Object.entries(parts(run))) {
    withCtx({
      name: `openTelemetry() with a part whose ${part} ${name}`,
      transports: ["memory"],
    }, async (ctx) => {
      const reports: unknown[] = [];
      await callWith(ctx, {
        ...options,
        onError: (error, { kind, address }) => {
          reports.push(error);
          assertEquals([kind, address], ["callback", "telemetry"]);
        },
      });
      // A promise is no span, no context and no name.
      const isWrong = fails ||
        ["Tracer.startSpan", "extract", "methodName"].includes(part);
      assertEquals(reports.length, isWrong ? 1 : 0);
    });
  }

  withCtx({
    name: `OpenTelemetryOptions.onError that ${name}`,
    transports: ["memory"],
  }, async (ctx) => {
    using printed = captureStderr();
    await callWith(ctx, {
      ...new Recorder().options,
      methodName: () => {
        throw new Error("no name");
      },
      onError: run as Hook,
    });
    assertEquals(printed.lines.length, fails ? 2 : 0);
  });
}

withCtx(
  "openTelemetry() names an async methodName as by default",
  async (ctx) => {
    const recorder = new Recorder();
    await callWith(ctx, {
      ...recorder.options,
      methodName: (() => Promise.reject(new Error("no"))) as Hook,
      onError: () => {},
    });
    assert(recorder.span(SpanKind.SERVER, "add").isEnded);
  },
);

withCtx(
  "openTelemetry() keeps short what the other side sends",
  async (ctx) => {
    const recorder = new Recorder();
    const long = "😀".repeat(50_000);
    const hostile = service({
      fail: () => {
        throw Object.assign(new Error(long), { name: long, code: long });
      },
    });
    const { calls, requests } = openTelemetry(recorder.options);
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
  const { requests } = openTelemetry({
    ...new Recorder().options,
    propagator: {
      inject: () => {},
      extract: ((into: unknown, meta: Hook, getter: Hook) => {
        read.push(getter.get(meta, "baggage")?.length);
        return into;
      }) as Hook,
    },
  });
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
    const recorder = new Recorder();
    const { requests } = openTelemetry(recorder.options);
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
