// deno-lint-ignore-file no-import-prefix -- only this test needs the package
import {
  assert,
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { z } from "npm:zod@4.6.7";
import { RemoteError } from "../../channel/errors.ts";
import { codecs } from "../../channel/fixtures/codecs.ts";
import { withCtx } from "../../testing/fixtures/everywhere.ts";
import { isRemoteError, ServiceError, ValidationError } from "../errors.ts";
import { withOptions } from "../options.ts";
import type { RpcOptions } from "../rpc_options.ts";
import { expose } from "../service/expose.ts";
import { method } from "../service/method.ts";
import { service } from "../service/service.ts";

const errors = {
  job_failed: z.object({
    id: z.string(),
    at: z.date(),
    tries: z.number().default(1),
  }),
  closed: null,
};

class JobFailed extends ServiceError {
  override name = "JobFailed";
}

/** Returns an error of the given kind for a handler to throw. */
function thrown(kind: string): Error {
  const id = "7";
  const code = "job_failed";
  switch (kind) {
    case "bare":
      return new ServiceError("Bare", { code: "closed", data: { id } });
    case "own":
      return new JobFailed("Own", { code, data: { id, at: new Date(0) } });
    case "undeclared":
      return new ServiceError("Undeclared", { code: "other", data: { id } });
    case "wrong":
      return new ServiceError("Wrong", { code, data: { id: 7 } });
    default:
      return Object.assign(new Error("secret"), { code, data: { id: 7 } });
  }
}

const queue = service({
  run: method({ args: [z.string()], errors }, (kind, { errors }) => {
    if (kind !== "made") throw thrown(kind);
    throw errors.job_failed("Made", { id: "7", at: new Date(0) });
  }),
  close: method({ args: [], errors }, async (call) => {
    await Promise.resolve();
    throw call.errors.closed("Closed");
  }),
  stream: method({ args: [z.string()], errors }, async function* (kind) {
    yield 1;
    await Promise.resolve();
    throw thrown(kind);
  }),
  readable: method(
    { args: [z.string()], errors },
    (kind) =>
      new ReadableStream({
        pull: () => {
          throw thrown(kind);
        },
      }),
  ),
  guarded: method({
    args: [],
    errors,
    use: [() => {
      throw thrown("own");
    }],
  }, () => {}),
});

class Jobs {
  @expose({ errors })
  run(kind: string): void {
    throw thrown(kind);
  }

  @expose
  readonly field = method({ errors }, (kind: string) => {
    throw thrown(kind);
  });
}

const masking: RpcOptions = { maskErrors: true, sendStacks: false };
const data = { id: "7", at: new Date(0), tries: 1 };

withCtx({
  name: "declared errors arrive with the data that their schemas return",
  codecs,
}, async (ctx) => {
  const reported: unknown[] = [];
  const onMethodError = (error: unknown) => void reported.push(error);
  const { remote } = await ctx.rpc.startServerAndConnect(queue, {
    server: { ...masking, onMethodError },
  });
  const made = await assertRejects(() => remote.run("made"));
  assert(isRemoteError(made, remote.run, "job_failed"));
  // Typed: the date arrives as a `Date`, and the default is filled in.
  assertEquals([made.data.at.getTime(), made.data.tries], [0, 1]);
  assertEquals([made.message, made.data], ["Made", data]);
  assertFalse(isRemoteError(made, remote.run, "closed"));

  const own = await assertRejects(() => remote.run("own"));
  assert(isRemoteError(own, remote.run, "job_failed"));
  assertEquals([own.remoteName, own.data], ["JobFailed", data]);

  const closed = await assertRejects(() => remote.close());
  assert(isRemoteError(closed, remote.close, "closed"));
  assertEquals([closed.message, closed.data], ["Closed", undefined]);
  const bare = await assertRejects(() => remote.run("bare"));
  assert(isRemoteError(bare, remote.run, "closed"));
  assertEquals(bare.data, undefined);

  const options = withOptions(remote, { timeoutMs: 60_000 });
  const guarded = await assertRejects(() => options.guarded());
  assert(isRemoteError(guarded, options.guarded, "job_failed"));
  assertEquals(guarded.data, data);
  assertEquals(reported, []);
});

withCtx({
  name: "declared errors of streams arrive as those of methods do",
  codecs,
}, async (ctx) => {
  const { remote } = await ctx.rpc.startServerAndConnect(queue);
  for (const name of ["stream", "readable"] as const) {
    const stream: AsyncIterable<unknown> = await remote[name]("own");
    assertEquals(stream instanceof ReadableStream, name === "readable");
    const error = await assertRejects(() => Array.fromAsync(stream));
    assert(isRemoteError(error, remote[name], "job_failed"));
    assertEquals(error.data, data);
    const wrong: AsyncIterable<unknown> = await remote[name]("wrong");
    await assertRejects(() => Array.fromAsync(wrong), ValidationError);
  }
});

withCtx(
  "an error whose data does not fit what was declared is reported",
  async (ctx) => {
    const reported: unknown[] = [];
    const onMethodError = (error: unknown) => void reported.push(error);
    const { remote } = await ctx.rpc.startServerAndConnect(queue, {
      server: { ...masking, onMethodError },
    });
    const error = await assertRejects(() => remote.run("wrong"));
    assertFalse(isRemoteError(error, remote.run, "job_failed"));
    assertInstanceOf(error, ValidationError);
    assertEquals(error.part, "error");
    assertEquals(error.issues?.map(({ path }) => path), [["id"], ["at"]]);
    const [own] = reported as [ValidationError];
    assertInstanceOf(own.cause, ServiceError);
    assertEquals([reported.length, own.cause.message], [1, "Wrong"]);
  },
);

withCtx(
  "errors that are not declared arrive as from any other method",
  async (ctx) => {
    const { remote } = await ctx.rpc.startServerAndConnect(queue, {
      server: { ...masking, onMethodError: () => {} },
    });
    const other = await assertRejects(() => remote.run("undeclared"));
    assertInstanceOf(other, RemoteError);
    assertEquals([other.code, other.data], ["other", { id: "7" }]);
    const plain = await assertRejects(() => remote.run("plain"));
    assert(isRemoteError<{ code: "internal" }>(plain, "internal"));
    assertFalse(isRemoteError(plain, remote.run, "job_failed"));
  },
);

Deno.test("a method that is called on its own side throws what it declares", async () => {
  const error = assertThrows(() => queue.run("made"), ServiceError, "Made");
  assertEquals([error.code, error.data], ["job_failed", {
    id: "7",
    at: new Date(0),
  }]);
  await assertRejects(() => queue.close(), ServiceError, "Closed");
});

withCtx("methods of classes declare errors, too", async (ctx) => {
  const { remote } = await ctx.rpc.startServerAndConnect(new Jobs());
  for (const name of ["run", "field"] as const) {
    const error = await assertRejects(() => remote[name]("own"));
    assert(isRemoteError(error, remote.field, "job_failed"));
    assertEquals(error.data, data);
    await assertRejects(() => remote[name]("wrong"), ValidationError);
  }
});
