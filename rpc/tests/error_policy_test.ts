// deno-lint-ignore-file no-import-prefix -- only this test needs the package
import {
  assert,
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { z } from "npm:zod@4.6.7";
import { openConnection as openChannel } from "../../channel/deno.ts";
import { codecs } from "../../channel/fixtures/codecs.ts";
import { RemoteError, ServerBusyError } from "../../channel/errors.ts";
import { withCtx } from "../../testing/fixtures/everywhere.ts";
import { call } from "../call.ts";
import {
  isRemoteError,
  MethodNotFoundError,
  ServiceError,
  ValidationError,
} from "../errors.ts";
import { method } from "../service/method.ts";
import type { FailedCall, RpcOptions } from "../rpc_options.ts";
import { keep, withOptions } from "../options.ts";
import { service } from "../service/service.ts";

const SECRET = "postgres://admin:hunter2@db";

class JobFailed extends ServiceError<{ id: string; when: Date }> {
  override name = "JobFailed";
  declare readonly code: "job_failed";

  constructor(id: string) {
    super(`Job ${id} failed`, {
      code: "job_failed",
      data: { id, when: new Date(0) },
      cause: new Error(SECRET),
    });
  }
}

const jobs = service({
  leak: () => {
    throw Object.assign(new Error(SECRET), { code: "ENOENT", data: SECRET });
  },
  text: () => Promise.reject(SECRET),
  fail: (id: string) => {
    throw new JobFailed(id);
  },
  checked: method({ args: [z.object({ n: z.number() })] }, () => {}),
  wrong: method({ args: [], result: z.string() }, () => 1 as never),
  unsendable: () => ({ [SECRET]: Symbol() }),
  async *stream() {
    yield 1;
    yield await Promise.reject(new Error(SECRET));
  },
  async *badEnd() {
    try {
      for (;;) yield await Promise.resolve(1);
    } finally {
      // deno-lint-ignore no-unsafe-finally -- as some producers do
      throw new Error(SECRET);
    }
  },
  nested: () => ({ stream: jobs.stream() }),
  outer: (call: () => unknown) => call(),
});

/** Returns the options of a server that masks errors, and its reports. */
function masking() {
  const reported: { error: unknown; failed: FailedCall }[] = [];
  const options: RpcOptions = {
    maskErrors: true,
    sendStacks: false,
    onMethodError: (error, failed) => void reported.push({ error, failed }),
  };
  return { reported, options };
}

withCtx({
  name: "errors that were not made for the caller are masked and reported",
  codecs,
}, async (ctx) => {
  const { reported, options } = masking();
  const { remote } = await ctx.rpc.startServerAndConnect(jobs, {
    server: options,
  });
  const failures: (() => Promise<unknown>)[] = [
    () => remote.leak(),
    () => remote.text(),
    async () => await Array.fromAsync(await remote.stream()),
    async () => await Array.fromAsync((await remote.nested()).stream),
    async () => {
      const stream = await remote.badEnd();
      await stream.next();
      // After this call, the producer is as far ahead as allowed.
      await remote.checked({ n: 1 });
      await stream.return!();
    },
  ];
  for (const fail of failures) {
    reported.length = 0;
    const error = await assertRejects(fail, RemoteError);
    assertFalse(Deno.inspect(error).includes("hunter2"));
    assertEquals([error.code, error.remoteStack], ["internal", undefined]);
    const [{ error: own, failed }] = reported as [typeof reported[0]];
    assertStringIncludes(String(own), SECRET);
    assertEquals(error.data, { id: failed.id });
    assertStringIncludes(error.message, failed.id);
    assertEquals(reported.length, 1);
  }
});

withCtx({
  name:
    "errors that were made for the caller arrive whole, and are not reported",
  codecs,
}, async (ctx) => {
  const { reported, options } = masking();
  const { remote } = await ctx.rpc.startServerAndConnect(jobs, {
    server: options,
  });
  const error = await assertRejects(() => remote.fail("7"), RemoteError);
  assert(isRemoteError<JobFailed>(error, "job_failed"));
  assertEquals(error.data, { id: "7", when: new Date(0) });
  assertEquals(error.message, "Job 7 failed");
  assertEquals([error.remoteName, error.cause], ["JobFailed", undefined]);
  await assertRejects(
    () => (remote as unknown as { none(): Promise<void> }).none(),
    MethodNotFoundError,
  );
  const invalid = await assertRejects(
    () => remote.checked({ n: "1" } as never),
    ValidationError,
  );
  assertEquals(invalid.part, "argument");
  assertEquals(invalid.issues?.map(({ path }) => path), [["n"]]);
  assertEquals(reported, []);
});

withCtx(
  "faults of a method's own result are reported, although they are told",
  async (ctx) => {
    const { reported, options } = masking();
    const { remote } = await ctx.rpc.startServerAndConnect(jobs, {
      server: options,
    });
    const error = await assertRejects(() => remote.wrong(), ValidationError);
    assertEquals(error.part, "result");
    await assertRejects(() => remote.unsendable(), RemoteError);
    await remote.outer(() => {});
    assertEquals(reported.map(({ failed }) => failed.call.path), [
      "wrong",
      "unsendable",
    ]);
  },
);

withCtx(
  "an error of another server is masked, unless the method passes it on",
  async (ctx) => {
    const { reported, options } = masking();
    const inner = await ctx.rpc.startServerAndConnect(jobs);
    const front = service({
      leak: () => inner.remote.leak(),
      fail: () => inner.remote.fail("1"),
    });
    const { remote } = await ctx.rpc.startServerAndConnect(front, {
      server: options,
    });
    for (const call of [remote.leak, remote.fail]) {
      const error = await assertRejects(() => call(), RemoteError);
      assertEquals(error.code, "internal");
    }
    assertEquals(reported.length, 2);
  },
);

withCtx("without a mask, causes and errors are told, too", async (ctx) => {
  const failing = service({
    cause: () => {
      throw new Error("outer", { cause: new RangeError("inner") });
    },
    many: () => {
      throw new AggregateError([new Error("a"), 1], "many");
    },
    lost: () => {
      throw Object.assign(new Error("lost"), { data: { it: () => {} } });
    },
    numbered: () => {
      throw Object.assign(new Error("numbered"), { code: 42 });
    },
  });
  const client = await ctx.rpc.startServerAndConnect(failing);
  const { remote } = client;
  const outer = await assertRejects(() => remote.cause(), RemoteError);
  assertInstanceOf(outer.cause, RangeError);
  const many = await assertRejects(() => remote.many(), RemoteError);
  const { errors } = many as unknown as { errors: unknown[] };
  assertEquals(errors.map(String), ["Error: a", "1"]);
  const lost = await assertRejects(() => remote.lost(), RemoteError);
  assertStringIncludes(lost.message, "its 'data' was not sent");
  const { code } = await assertRejects(() => remote.numbered(), RemoteError);
  assertEquals(code, "42");
  assertEquals(client.stats().references, 0);
});

withCtx("a report that fails is reported itself", async (ctx) => {
  const errors: unknown[] = [];
  const { remote } = await ctx.rpc.startServerAndConnect(jobs, {
    server: {
      onMethodError: () => {
        throw new Error("full disk");
      },
      onError: (error) => void errors.push(error),
    },
  });
  await assertRejects(() => remote.leak());
  assertEquals(errors.map(String), [`Error: ${SECRET}`, "Error: full disk"]);
});

/** Throws as `fetch` does for a signal of the method's own. */
function throwAborted(): void {
  AbortSignal.abort(new DOMException(SECRET, "AbortError")).throwIfAborted();
}

const aborting = service({
  own: () => Promise.reject(new DOMException(SECRET, "AbortError")),
  inner: throwAborted,
  named: () => {
    throw Object.assign(new Error(SECRET), { name: "AbortError" });
  },
  late: () => Promise.reject(new DOMException(SECRET, "TimeoutError")),
  async *stream() {
    yield await Promise.resolve(1);
    throwAborted();
  },
});

withCtx({
  name: "an AbortError is masked and reported, unless its call was cancelled",
  codecs,
}, async (ctx) => {
  const { reported, options } = masking();
  const { remote } = await ctx.rpc.startServerAndConnect(aborting, {
    server: options,
  });
  const { own, inner, named, late } = remote;
  const failures = [
    ...[own, inner, named, late].map((method) => () => method()),
    async () => await Array.fromAsync(await remote.stream()),
  ];
  for (const fail of failures) {
    reported.length = 0;
    const error = await assertRejects(fail, RemoteError);
    assertFalse(Deno.inspect(error).includes("hunter2"));
    assertEquals(error.code, "internal");
    const told = reported.map(({ error, failed }) => [
      String(error).includes(SECRET),
      failed.id,
    ]);
    assertEquals(told, [[true, (error.data as { id: string }).id]]);
  }
});

withCtx({
  name: "the end of a cancelled call is neither reported nor told",
  codecs,
}, async (ctx) => {
  const { reported, options } = masking();
  const begun = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const ended = Promise.withResolvers<void>();
  const waiting = service({
    hello() {},
    /** Rejects with the reason of its signal, or with another error. */
    wait: (kind: number) => {
      const { signal } = call();
      const { promise, reject } = Promise.withResolvers<never>();
      signal.addEventListener(
        "abort",
        () => reject(kind === 0 ? signal.reason : new Error(SECRET)),
      );
      begun[kind]!.resolve();
      return promise;
    },
    async *stream() {
      const { signal } = call();
      try {
        yield await Promise.resolve(1);
      } finally {
        ended.resolve();
        signal.throwIfAborted();
      }
    },
  });
  const server = await ctx.rpc.startServer(waiting, options);
  const { remote } = await ctx.rpc.connect<typeof waiting>();
  await remote.hello();
  const stream = await remote.stream();
  await stream.next();
  await stream.return!().catch(() => {});
  await ended.promise;
  const answers: unknown[] = [];
  const peer = ctx.use(await openChannel(server.address, ctx.options));
  await peer.send(["$/hello", [{ version: 1, features: [] }], {}]);
  for (const kind of [0, 1]) {
    const sent = peer.send(["wait", [kind], {}]);
    await begun[kind]!.promise;
    // The peer also reads the answer that it has cancelled.
    await peer.send(["$/cancel", [1 + 2 * kind], {}]);
    const error = await assertRejects(() => sent, RemoteError);
    assertFalse(Deno.inspect(error).includes("hunter2"));
    answers.push([error.remoteName, error.code]);
  }
  assertEquals(answers, [
    ["AbortError", "cancelled"],
    ["AbortError", "cancelled"],
  ]);
  assertEquals(reported, []);
});

withCtx({
  name: "errors of streams in arguments are masked and reported on both sides",
  codecs,
}, async (ctx) => {
  const [near, far] = [masking(), masking()];
  async function* secrets(): AsyncGenerator<number> {
    yield await Promise.resolve(1);
    throw new Error(SECRET);
  }
  async function* wrapped() {
    yield await Promise.resolve(secrets());
  }
  let caught = Promise.withResolvers<unknown>();
  const read = async (stream: AsyncIterable<unknown>): Promise<void> => {
    for await (const item of stream) {
      if (typeof item === "object") await read(item as AsyncIterable<unknown>);
    }
  };
  const keepError = (stream: AsyncIterable<unknown>) =>
    read(stream).catch(caught.resolve);
  const streams = service({
    read: keepError,
    /** Passes a stream to a function of the caller. */
    give: (to: typeof keepError) => to(secrets()),
    async write(to: WritableStream<number>) {
      const writer = to.getWriter();
      await writer.write(1);
      await writer.abort(new Error(SECRET)).catch(() => {});
    },
  });
  const { remote } = await ctx.rpc.startServerAndConnect(streams, {
    server: far.options,
    client: near.options,
  });
  const sink = () => new WritableStream({ abort: caught.resolve });
  const attempts = [
    ["read", near, () => remote.read(secrets())],
    ["read", near, () => remote.read(ReadableStream.from(secrets()))],
    ["read", near, () => remote.read(wrapped())],
    ["$/ref/", far, () => remote.give(keepError)],
    ["$/ref/", far, () => remote.write(sink())],
  ] as const;
  for (const [path, { reported }, attempt] of attempts) {
    caught = Promise.withResolvers();
    await attempt();
    const error = await caught.promise;
    assertInstanceOf(error, RemoteError);
    assertFalse(Deno.inspect(error).includes("hunter2"));
    const [{ error: own, failed }] = reported.splice(0) as [
      typeof reported[0],
    ];
    assertStringIncludes(String(own), SECRET);
    assertEquals([error.code, error.data], ["internal", { id: failed.id }]);
    assertStringIncludes(failed.call.path, path);
    assertEquals([near.reported, far.reported], [[], []]);
  }
});

withCtx(
  "a stream in an argument that ends as its call is cancelled is not reported",
  async (ctx) => {
    const { reported, options } = masking();
    const begun = Promise.withResolvers<void>();
    const reader = service({
      async read(stream: AsyncIterable<number>) {
        for await (const _item of stream) begun.resolve();
      },
    });
    const { remote } = await ctx.rpc.startServerAndConnect(reader, {
      client: options,
    });
    const controller = new AbortController();
    const { signal } = controller;
    const aborted = new Promise<never>((_resolve, reject) =>
      signal.addEventListener("abort", () => reject(signal.reason))
    );
    aborted.catch(() => {});
    const numbers = (): AsyncIterator<number> => {
      let count = 0;
      return {
        next: () =>
          count++ === 0 ? Promise.resolve({ done: false, value: 1 }) : aborted,
      };
    };
    const calling = withOptions(remote, { signal })
      .read({ [Symbol.asyncIterator]: numbers });
    await begun.promise;
    controller.abort(new Error(SECRET));
    await assertRejects(() => calling, Error, SECRET);
    await assertRejects(() => aborted);
    assertEquals(reported, []);
  },
);

withCtx(
  "errors of a method's own calls are masked, also if they were not sent",
  async (ctx) => {
    const { reported, options } = masking();
    const hung = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const server = await ctx.rpc.startServer(service({
      ping() {},
      hang() {
        begun.resolve();
        return hung.promise;
      },
      makes: () => () => 1,
    }));
    const far = await ctx.rpc.connect<
      { ping(): void; hang(): Promise<void>; makes(): () => number }
    >();
    const made = await far.remote.makes();
    made[Symbol.dispose]();
    const front = service({
      keeps: () => void keep(made),
      pings: () => far.remote.ping(),
    });
    const { remote } = await ctx.rpc.startServerAndConnect(front, {
      server: options,
    });
    const hanging = far.remote.hang();
    await begun.promise;
    const closed = server.close({ graceMs: 60_000 });
    await assertRejects(async () => {
      for (;;) await far.remote.ping();
    }, ServerBusyError);
    for (const method of [remote.keeps, remote.pings]) {
      const error = await assertRejects(() => method(), RemoteError);
      assertEquals(error.code, "internal");
    }
    assertEquals(reported.map(({ error }) => (error as Error).name), [
      "ReferenceReleasedError",
      "ServerBusyError",
    ]);
    hung.resolve();
    await hanging;
    await closed;
  },
);

withCtx({
  name: "what code threw while a value was encoded is reported, and not told",
  codecs,
}, async (ctx) => {
  const { reported, options } = masking();
  class Bad {}
  const serializers = [{
    type: Bad,
    serialize() {
      throw new Error(SECRET);
    },
    deserialize: () => new Bad(),
  }];
  const served = service({
    result: () => new Bad() as unknown,
    async *items(): AsyncGenerator<unknown> {
      yield await Promise.resolve(new Bad());
    },
  });
  const { remote } = await ctx.rpc.startServerAndConnect(served, {
    server: { ...options, serializers },
    client: { serializers },
  });
  const failures: (() => Promise<unknown>)[] = [
    () => remote.result(),
    async () => await Array.fromAsync(await remote.items()),
  ];
  for (const fail of failures) {
    const error = await assertRejects(fail, RemoteError);
    assertFalse(Deno.inspect(error).includes("hunter2"));
    assertEquals(error.code, "not_serializable");
    assertEquals(reported.length, 1);
    assertStringIncludes(String(reported.pop()!.error), SECRET);
  }
});
