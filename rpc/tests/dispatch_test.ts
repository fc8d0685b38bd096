import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import type { Ctx } from "../../testing/ctx_contract.ts";
import { RemoteError } from "../../channel/errors.ts";
import { codecs } from "../../channel/fixtures/codecs.ts";
import { openConnection } from "../../channel/deno.ts";
import { withCtx } from "../../testing/ctx.ts";
import { call } from "../call.ts";
import type { RpcClient } from "../rpc_client.ts";
import { MethodNotFoundError, ReferenceReleasedError } from "../errors.ts";
import { expose } from "../service/expose.ts";
import { Router, service } from "../service/service.ts";

/** The unreachable methods that ran. */
const reached: string[] = [];

class Secret {
  @expose
  work(): string {
    reached.push("Secret.work");
    return "secret";
  }
}

class Base {
  @expose
  inherited(): string {
    return "inherited";
  }
  @expose
  overridden(): string {
    return "base";
  }
  @expose
  overriddenAgain(): string {
    return "base";
  }
}

class Target extends Base {
  static make(): string {
    reached.push("make");
    return "made";
  }
  @expose
  sub = service({ work: () => "sub", deep: service({ work: () => "deep" }) });
  @expose
  children = new Router();
  @expose
  notAService: unknown = { work: () => reached.push("notAService") };
  hidden = new Secret();
  data = { work: () => reached.push("data.work") };
  get getter(): () => void {
    reached.push("getter");
    return () => reached.push("getter()");
  }
  set setter(_value: unknown) {
    reached.push("setter");
  }
  #private(): void {
    reached.push("#private");
  }
  unexposed(): void {
    reached.push("unexposed");
    this.#private();
  }
  then(): void {
    reached.push("then");
  }
  override overridden(): string {
    reached.push("overridden");
    return "target";
  }
  @expose
  override overriddenAgain(): string {
    return "target";
  }
  @expose
  ok(): string {
    return "ok";
  }
}

/** Sends a call without the proxy. */
function callPath(
  client: RpcClient<unknown>,
  path: unknown,
  ...args: unknown[]
): Promise<unknown> {
  return client.channel.send([path, args, {}]);
}

async function serveTarget(
  ctx: Ctx,
): Promise<{ client: RpcClient<Target>; target: Target }> {
  const target = new Target();
  const client = await ctx.rpc.startServerAndConnect<Target>(target);
  reached.length = 0;
  return { client, target };
}

const UNREACHABLE = [
  "constructor",
  "constructor/make",
  "constructor/constructor",
  "sub/constructor",
  "sub/work/constructor",
  "__proto__",
  "__proto__/ok",
  "__proto__/constructor",
  "__defineGetter__",
  "prototype",
  "toString",
  "toLocaleString",
  "valueOf",
  "hasOwnProperty",
  "isPrototypeOf",
  "sub/hasOwnProperty",
  "then",
  "sub/then",
  "getter",
  "getter/call",
  "setter",
  "make",
  "static/make",
  "#private",
  "private",
  "unexposed",
  "hidden",
  "hidden/work",
  "data/work",
  "notAService",
  "notAService/work",
  "overridden",
  "ok/call",
  "ok/apply",
  "ok/bind",
  "children/set",
  "children/get",
  "children/delete",
  "children/nobody/work",
  "children",
  "sub",
  "",
  "/",
  "//",
  "/ok",
  "ok/",
  "./ok",
  "..",
  "../ok",
  "sub/..",
  "sub/../ok",
  "sub//work",
  "sub/./work",
  "sub\\work",
  "sub.work",
  "OK",
  "ok ",
  "ok\0",
  "0",
  "length",
  "$",
  "$/",
  "$/unknown",
  "$/constructor",
  "$/__proto__",
];

withCtx(
  { name: "dispatch reaches exposed names and nothing else", codecs },
  async (ctx) => {
    const { client } = await serveTarget(ctx);
    for (const path of UNREACHABLE) {
      const error = await assertRejects(
        () => callPath(client, path),
        Error,
        undefined,
        `'${path}' was reached`,
      );
      assertInstanceOf(error, MethodNotFoundError, `'${path}'`);
    }
    assertEquals(reached, []);
    assertEquals(await client.remote.ok(), "ok");
  },
);

withCtx("dispatch through the proxy finds no inherited names", async (ctx) => {
  const { client } = await serveTarget(ctx);
  await client.remote.ok();
  const { calls } = client.stats();
  const remote = client.remote as unknown as Record<string, () => unknown>;
  for (const name of ["constructor", "hasOwnProperty", "valueOf", "toJSON"]) {
    remote[name]!();
  }
  await client.remote;
  assertEquals(remote.then, undefined);
  assertEquals(client.stats().calls, calls);
  assertEquals(reached, []);
});

withCtx(
  { name: "dispatch shows middleware no path that is none", codecs },
  async (ctx) => {
    const seen: string[] = [];
    const server = await ctx.rpc.startServer(service({ open: () => "gold" }), {
      middleware: { requests: [({ path }, next) => (seen.push(path), next())] },
    });
    await using raw = await openConnection(server.address, ctx.options);
    const odd = [
      ...["", "/", "/open", "open/", "//open", "open//", "$open", "x/$ref"],
      ...["$/ref/00/open", "$/ref/0x0", "$/ref/", "$/", "$/open", "$"],
    ];
    for (const path of odd) {
      const direct = raw.send([path, [], {}]);
      const wrapped = raw.send(["$/call", [path, [], {}, {}], {}]);
      await assertRejects(() => direct, RemoteError);
      await assertRejects(() => wrapped, RemoteError);
    }
    const nested = ["$/call", ["open", [], {}, {}], {}, {}];
    await assertRejects(() => raw.send(["$/call", nested, {}]), RemoteError);
    await assertRejects(
      () => raw.send(["$/call", ["$/hello", [{}], {}, {}], {}]),
      RemoteError,
    );
    assertEquals(seen, []);
    assertEquals(await raw.send(["open", [], {}]), "gold");
    assertEquals(await raw.send(["$/call", ["open", [], {}, {}], {}]), "gold");
    assertEquals(seen, ["open", "open"]);
  },
);

withCtx("dispatch reaches what a parent class exposes", async (ctx) => {
  const { client } = await serveTarget(ctx);
  assertEquals(await client.remote.inherited(), "inherited");
  assertEquals(await client.remote.overriddenAgain(), "target");
});

withCtx("dispatch does not reach an override without a mark", async (ctx) => {
  const { client } = await serveTarget(ctx);
  await assertRejects(() => client.remote.overridden(), MethodNotFoundError);
  assertEquals(reached, []);
});

withCtx({
  name: "dispatch walks hierarchies of classes, services and routers",
  codecs,
}, async (ctx) => {
  const { client, target } = await serveTarget(ctx);
  const { remote } = client;
  assertEquals(await remote.sub.work(), "sub");
  assertEquals(await remote.sub.deep.work(), "deep");
  const inner = new Router();
  inner.set("leaf", service({ target: new Base() }));
  target.children.set("inner", inner);
  const path = "children/inner/leaf/target/inherited";
  assertEquals(await callPath(client, path), "inherited");
});

withCtx("dispatch follows children that come and go", async (ctx) => {
  const { client, target } = await serveTarget(ctx);
  const work = () => callPath(client, "children/a/work");
  await assertRejects(work, MethodNotFoundError);
  target.children.set("a", service({ work: () => 1 }));
  assertEquals(await work(), 1);
  target.children.set("a", service({ work: () => 2 }));
  assertEquals(await work(), 2);
  target.children.delete("a");
  await assertRejects(work, MethodNotFoundError, "'children/a/work'");
});

withCtx(
  "dispatch answers what is no call with a failure, and goes on",
  async (ctx) => {
    const { client } = await serveTarget(ctx);
    await client.remote.ok();
    const contents = [
      null,
      "ok",
      42,
      [],
      {},
      ["ok"],
      ["ok", []],
      ["ok", [], {}, {}],
      [1, [], {}],
      [["ok"], [], {}],
      ["ok", {}, {}],
      ["ok", [], []],
      ["ok", [], null],
      ["ok", null, {}],
      ["$/call", [], {}],
      ["$/call", ["ok", [], {}], {}],
      ["$/call", ["ok", [], {}, null], {}],
      ["$/call", [["ok"], [], {}, {}], {}],
    ];
    for (const content of contents) {
      await assertRejects(
        () => client.channel.send(content),
        Error,
        "Cannot serve request",
        JSON.stringify(content),
      );
    }
    assertEquals(await client.remote.ok(), "ok");
  },
);

withCtx("dispatch refuses keys and ids of other types", async (ctx) => {
  const { client } = await serveTarget(ctx);
  await client.remote.ok();
  for (const key of [null, "0", [0], {}, -1, 0.5]) {
    await assertRejects(
      () => callPath(client, "$/keep", key),
      ReferenceReleasedError,
    );
    // Ending something that does not exist is not an error: it may have ended
    // by itself.
    assertEquals(await callPath(client, "$/cancel", key), null);
    assertEquals(await callPath(client, "$/release", key), null);
    assertEquals(await callPath(client, "$/return", key), null);
  }
});

withCtx("dispatch runs a method as a member of its service", async (ctx) => {
  class Counter {
    #count = 0;
    @expose
    count(): number {
      return ++this.#count;
    }
  }
  const plain = service({
    counter: new Counter(),
    twice(): number[] {
      return [this.counter.count(), this.counter.count()];
    },
    path: () => call().path,
  });
  const { remote } = await ctx.rpc.startServerAndConnect(plain);
  assertEquals(await remote.counter.count(), 1);
  assertEquals(await remote.twice(), [2, 3]);
  assertEquals(await remote.path(), "path");
});

withCtx(
  "dispatch keeps a peer from changing what others share",
  async (ctx) => {
    const seen: unknown[] = [];
    const taker = service({ take: (value: unknown) => void seen.push(value) });
    const client = await ctx.rpc.startServerAndConnect(taker);
    const polluting = JSON.parse('{"__proto__": {"polluted": true}}');
    await callPath(client, "take", polluting);
    await client.channel.send(["take", [], polluting]);
    assertEquals((seen[0] as { polluted?: boolean }).polluted, undefined);
    assertEquals(({} as { polluted?: boolean }).polluted, undefined);
    assertEquals(Object.keys(seen[0] as object), ["__proto__"]);
    assertEquals(Object.keys(seen[1] as object), ["__proto__"]);
  },
);
