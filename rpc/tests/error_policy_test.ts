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
import { codecs } from "../../channel/fixtures/codecs.ts";
import { RemoteError } from "../../channel/errors.ts";
import { withCtx } from "../../testing/fixtures/everywhere.ts";
import {
  isRemoteError,
  MethodNotFoundError,
  ServiceError,
  ValidationError,
} from "../errors.ts";
import { method } from "../service/method.ts";
import type { FailedCall, RpcOptions } from "../rpc_options.ts";
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
