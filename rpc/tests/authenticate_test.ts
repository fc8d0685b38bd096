import {
  assert,
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { encodeRequest, openRaw } from "../../channel/fixtures/raw_peer.ts";
import type { Channel } from "../../channel/channel.ts";
import {
  ConnectionClosedError,
  ServerBusyError,
} from "../../channel/errors.ts";
import { codecs } from "../../channel/fixtures/codecs.ts";
import { openConnection as openChannel } from "../../channel/deno.ts";
import { ConnectError } from "../../transports/errors.ts";
import { schemeOf } from "../../transports/address.ts";
import { withCtx } from "../../testing/ctx.ts";
import type { Ctx } from "../../testing/ctx_contract.ts";
import type { Authenticate } from "../authenticate.ts";
import { call } from "../call.ts";
import { openConnection, startServer } from "../deno.ts";
import { AuthenticationError } from "../errors.ts";
import { service } from "../service/service.ts";

/** Accepts one token. */
const knowsAda: Authenticate = (credentials) => {
  if (credentials === "ada's") return { name: "ada" };
  throw new AuthenticationError("Unknown token");
};

/** Everything that an unknown peer might try, except a hello. */
const ATTEMPTS: unknown[] = [
  ["run", [], {}],
  ["$/call", ["run", [], {}, { timeoutMs: 1_000 }], {}],
  ["$/call", ["$/ref/0", [], {}, {}], {}],
  ["$/ref/0", [], {}],
  ["$/ping", [], {}],
  ["$/cancel", [1], {}],
  ["$/keep", [0], {}],
  ["$/release", [0], {}],
  ["$/idempotent", ["run"], {}],
  ["$/next", [0, 0], {}],
  ["$/return", [0], {}],
  ["$/hello", [{ version: 1, features: [], credentials: "ada's" }], {}],
  ["run", [{ __type__: [0, "2026-01-01"] }], {}],
  ["run", [{ __type__: [1, "$/ref/0"] }], {}],
  "no call",
];

/** Returns the options of a server that record each part that runs. */
function watched(): {
  ran: string[];
  options: Parameters<typeof startServer>[2];
  served: { run(): string };
} {
  const ran: string[] = [];
  return {
    ran,
    served: service({
      run: () => {
        ran.push("method");
        return "ran";
      },
    }),
    options: {
      onConnect: () => void ran.push("onConnect"),
      middleware: {
        requests: [(_call, next) => {
          ran.push("middleware");
          return next();
        }],
      },
      serializers: [{
        type: Date,
        serialize: (date: Date) => date.toISOString(),
        deserialize: (text: unknown) => {
          ran.push("deserializer");
          return new Date(String(text));
        },
      }],
    },
  };
}

const hello = (credentials: unknown) => [
  "$/hello",
  [{ version: 1, features: [], credentials }],
  {},
];

withCtx(
  "authenticate tells methods, middleware and onConnect who calls",
  async (ctx) => {
    const seen: unknown[] = [];
    const client = await ctx.rpc.startServerAndConnect(
      service({ whoAmI: () => call().identity }),
      {
        server: {
          authenticate: knowsAda,
          onConnect: (client) => void seen.push(client.identity),
          middleware: {
            requests: [(call, next) => {
              seen.push(call.identity);
              return next();
            }],
          },
        },
        client: { credentials: "ada's" },
      },
    );
    assertEquals(await client.remote.whoAmI(), { name: "ada" });
    assertEquals(seen, [{ name: "ada" }, { name: "ada" }]);
  },
);

withCtx(
  "authenticate refuses a connection before it is handed out",
  async (ctx) => {
    const { ran, options, served } = watched();
    const server = await ctx.rpc.startServer(served, {
      ...options,
      authenticate: knowsAda,
    });
    await assertRejects(
      () => ctx.rpc.connect({ credentials: "guess" }),
      AuthenticationError,
      "Unknown token",
    );
    assertEquals(server.stats().refusedPeers, 1);
    assertEquals(server.clients.size, 0);
    assertEquals(ran, []);
  },
);

withCtx(
  "authenticate refuses calls of a client without credentials",
  async (ctx) => {
    const { ran, options, served } = watched();
    await ctx.rpc.startServer(served, { ...options, authenticate: knowsAda });
    const client = await ctx.rpc.connect<typeof served>({
      serializers: options!.serializers,
    });
    const calls = [client.remote.run(), client.remote.run()];
    for (const call of calls) {
      const error = await assertRejects(() => call, Error);
      // The connection may be refused before the call is.
      const refusal = error instanceof ConnectionClosedError
        ? error.cause
        : error;
      assertInstanceOf(refusal, AuthenticationError);
      assertEquals(refusal.message, "Unknown token");
    }
    const { by, code, error } = await client.closed;
    assertEquals([by, code], ["peer", "authentication"]);
    assert(error instanceof AuthenticationError);
    await assertRejects(() => client.remote.run(), ConnectionClosedError);
    assertEquals(ran, []);
  },
);

for (const first of ["a hello", "a call"]) {
  withCtx(
    `authenticate lets nothing through that comes with ${first}`,
    async (ctx) => {
      const { ran, options, served } = watched();
      const asked: unknown[] = [];
      const decided = Promise.withResolvers<void>();
      const server = await ctx.rpc.startServer(served, {
        ...options,
        authenticate: async (credentials, peer) => {
          asked.push(credentials);
          await decided.promise;
          return knowsAda(credentials, peer);
        },
      });
      using raw = await openRaw(server.address);
      const requests = first === "a hello"
        ? [hello("guess"), ...ATTEMPTS]
        : ATTEMPTS;
      let bytes = 0;
      for (const [id, request] of requests.entries()) {
        const payload = encodeRequest(id, request);
        bytes += payload.length;
        raw.send(payload);
      }
      while (server.stats().heldBytes < bytes) await turn();
      decided.resolve();
      const answered = new Set<number>();
      for (let count = 0; count < requests.length; count++) {
        const [type, id, content] = JSON.parse((await raw.receive())!);
        assertEquals(type, 2);
        assertEquals(content, "AuthenticationError: Unknown token\n");
        answered.add(id);
      }
      assertEquals(answered.size, requests.length);
      assertEquals(await raw.receive(), null);
      assertEquals(ran, []);
      assertEquals(asked, [first === "a hello" ? "guess" : undefined]);
    },
  );
}

withCtx(
  "authenticate answers a hello first, then the calls that came with it",
  async (ctx) => {
    const { ran, options, served } = watched();
    const server = await ctx.rpc.startServer(served, {
      ...options,
      authenticate: async (credentials, peer) => {
        await turn();
        return knowsAda(credentials, peer);
      },
    });
    using raw = await openRaw(server.address);
    raw.send(encodeRequest(0, hello("ada's")));
    raw.send(encodeRequest(1, ["run", [], {}]));
    raw.send(encodeRequest(2, ["$/ping", [], {}]));
    assertStringIncludes((await raw.receive())!, "[1,0,");
    const others = [await raw.receive(), await raw.receive()];
    assertEquals(others.toSorted(), ['[1,1,"ran"]', "[1,2,null]"]);
    assertEquals(ran.toSorted(), ["method", "middleware", "onConnect"]);
    assertEquals(server.clients.size, 1);
  },
);

withCtx(
  "authenticate may know a peer without extensions by other means",
  async (ctx) => {
    const { served } = watched();
    const peers: unknown[] = [];
    const server = await ctx.rpc.startServer(served, {
      authenticate: (
        credentials,
        { peerName, remoteAddress, isInitiator },
      ) => {
        peers.push([
          credentials,
          peerName,
          isInitiator,
          remoteAddress.split(":")[0],
        ]);
        return "neighbour";
      },
    });
    using raw = await openRaw(server.address);
    raw.send(encodeRequest(0, ["run", [], {}]));
    assertEquals(await raw.receive(), '[1,0,"ran"]');
    const scheme = schemeOf(server.address);
    assertEquals(peers, [[undefined, null, false, scheme]]);
  },
);

withCtx(
  "authenticate gives a peer that says nothing so much time",
  async (ctx) => {
    const { served } = watched();
    const server = await ctx.rpc.startServer(served, {
      authenticate: knowsAda,
      authenticateMs: 50,
    });
    using raw = await openRaw(server.address);
    assertEquals(await raw.receive(), null);
    assertEquals(server.stats().refusedPeers, 1);
  },
);

withCtx(
  "authenticate itself has so much time, and is told of its end",
  async (ctx) => {
    const { ran, options, served } = watched();
    const told = Promise.withResolvers<unknown>();
    await ctx.rpc.startServer(served, {
      ...options,
      authenticateMs: 50,
      authenticate: (_credentials, { signal }) => {
        const { promise, reject } = Promise.withResolvers();
        signal.addEventListener("abort", () => {
          told.resolve(signal.reason);
          reject(new Error("stopped"));
        });
        return promise;
      },
    });
    const { cause } = await assertRejects(
      () => ctx.rpc.connect({ credentials: "ada's" }),
      ConnectError,
      "50 ms",
    );
    assert(cause instanceof ServerBusyError);
    assert(await told.promise instanceof ServerBusyError);
    assertEquals(ran, []);
  },
);

withCtx(
  "authenticate that fails tells the peer nothing, and is reported",
  async (ctx) => {
    const { served } = watched();
    await ctx.rpc.startServer(served, {
      authenticate: () => {
        throw new TypeError("the password of the database is 1234");
      },
    });
    const error = await assertRejects(
      () => ctx.rpc.connect({ credentials: "ada's" }),
      ConnectError,
    );
    assert(error.cause instanceof ServerBusyError);
    assertFalse(error.message.includes("1234"));
    const [reported, ...more] = ctx.takeHandlerErrors();
    assert(reported instanceof TypeError);
    assertEquals(more, []);
  },
);

withCtx(
  "authenticate runs nothing for a peer that left meanwhile",
  async (ctx) => {
    const { ran, options, served } = watched();
    const asked = Promise.withResolvers<AbortSignal>();
    const decided = Promise.withResolvers<void>();
    const server = await ctx.rpc.startServer(served, {
      ...options,
      authenticate: async (_credentials, { signal }) => {
        asked.resolve(signal);
        await decided.promise;
        return "ada";
      },
    });
    const raw = await openRaw(server.address);
    raw.send(encodeRequest(0, ["run", [], {}]));
    const signal = await asked.promise;
    raw[Symbol.dispose]();
    while (!signal.aborted) await turn();
    decided.resolve();
    await turn();
    assertEquals(ran, []);
    assertEquals(server.stats().heldBytes, 0);
  },
);

withCtx("authenticate holds no more requests than the limit", async (ctx) => {
  const { ran, options, served } = watched();
  const server = await ctx.rpc.startServer(served, {
    ...options,
    limits: { requests: { maxUnanswered: 3 } },
    authenticateMs: 200,
    authenticate: () => new Promise(() => {}),
  });
  using raw = await openRaw(server.address);
  for (let id = 0; id < 100; id++) {
    raw.send(encodeRequest(id, ["run", [], {}]));
  }
  for (let id = 0; id < 97; id++) {
    assertStringIncludes((await raw.receive())!, "ServerBusyError");
  }
  assertStringIncludes((await raw.receive())!, "Cannot authenticate");
  assertEquals(ran, []);
});

withCtx("credentials are plain data", async (ctx) => {
  const { ran, options, served } = watched();
  await ctx.rpc.startServer(served, {
    ...options,
    authenticate: () => ran.push("authenticate"),
  });
  for (const credentials of [new Date(0), { deep: [() => 1] }]) {
    await assertRejects(
      () =>
        ctx.rpc.connect({
          credentials: { credentials },
          serializers: options!.serializers,
        }),
      AuthenticationError,
      "plain data",
    );
  }
  assertEquals(ran, []);
});

withCtx(
  "credentials may be a function, called for each connection",
  async (ctx) => {
    const tokens: unknown[] = [];
    const { served } = watched();
    await ctx.rpc.startServer(served, {
      authenticate: (token) => tokens.push(token),
    });
    let count = 0;
    const credentials = () => `token ${++count}`;
    await ctx.rpc.connect({ credentials });
    await ctx.rpc.connect({ credentials });
    const promised = () => Promise.resolve(credentials());
    await ctx.rpc.connect({ credentials: promised });
    assertEquals(tokens, ["token 1", "token 2", "token 3"]);
    await assertRejects(
      () =>
        ctx.rpc.connect({
          credentials: () => {
            throw new RangeError("no token left");
          },
        }),
      RangeError,
    );
  },
);

withCtx("credentials harm no server that asks for none", async (ctx) => {
  const { served } = watched();
  const client = await ctx.rpc.startServerAndConnect(served, {
    client: { credentials: "ada's" },
  });
  assertEquals(await client.remote.run(), "ran");
  const plain = await ctx.startServer(async (channel) => {
    for await (const request of channel) await request.fail("LookupError: ?\n");
  });
  const options = { ...ctx.options, credentials: "ada's" };
  ctx.use(await openConnection(plain.address, options));
});

Deno.test("credentials need extensions", async () => {
  await assertRejects(
    () =>
      openConnection("local://nobody", { credentials: "a", extensions: false }),
    TypeError,
    "extensions",
  );
  await assertRejects(
    () =>
      startServer("local://never", service({ a() {} }), { authenticateMs: 0 }),
    RangeError,
  );
});

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Opens a peer with its own codec, which may send what a client would not. */
async function openStranger(ctx: Ctx, address: string): Promise<Channel> {
  return ctx.use(
    await openChannel(address, {
      ...ctx.options,
      serializers: [{
        type: Date,
        serialize: (date: Date) => date.toISOString(),
        deserialize: (text: unknown) => new Date(String(text)),
      }],
    }),
  );
}

withCtx({
  name:
    "authenticate reads nothing of a stranger, not even an answer to a ping",
  codecs,
}, async (ctx) => {
  const decided = Promise.withResolvers<string>();
  const { ran, options, served } = watched();
  const server = await ctx.rpc.startServer(served, {
    ...options,
    heartbeatMs: 10,
    authenticate: () => decided.promise,
  });
  const stranger = await openStranger(ctx, server.address);
  const greeted = stranger.send(hello("ada's"));
  for (let count = 0; count < 3; count++) {
    const request = await stranger.recv();
    assertEquals(request.content, ["$/ping", [], {}]);
    await request.reply(new Date(0));
  }
  assertEquals(ran, []);
  decided.resolve("ada");
  await greeted;
  assertEquals(await stranger.send(["run", [], {}]), "ran");
});

withCtx({
  name: "authenticate lets a stranger make this side hold 64 KiB, and no more",
  codecs,
}, async (ctx) => {
  const decided = Promise.withResolvers<string>();
  const echo = service({ size: (value: string) => value.length });
  const server = await ctx.rpc.startServer(echo, {
    authenticate: () => decided.promise,
  });
  const stranger = await openStranger(ctx, server.address);
  const greeted = stranger.send(hello("ada's"));
  const texts = Array.from({ length: 40 }, () => "x".repeat(1_000));
  const calls = texts.map((text) => stranger.send(["size", [text], {}]));
  const settled = Promise.allSettled(calls);
  // The last call is refused in any case, and all have arrived by then.
  await assertRejects(() => calls.at(-1)!, ServerBusyError, "not admitted");
  const { heldBytes } = server.stats();
  assert(heldBytes > 32_768 && heldBytes <= 65_536, `${heldBytes} bytes`);
  decided.resolve("ada");
  await greeted;
  const results = await settled;
  const answered = results.findIndex(({ status }) => status === "rejected");
  assert(answered > 10, `${answered} answered`);
  assertEquals(await stranger.send(["size", ["x".repeat(100_000)], {}]), 1e5);
  assertEquals(server.stats().heldBytes, 0);
});

withCtx({
  name: "authenticate cuts off a stranger that sends ever more",
  codecs,
}, async (ctx) => {
  const { ran, options, served } = watched();
  const server = await ctx.rpc.startServer(served, {
    ...options,
    authenticate: () => new Promise(() => {}),
    onError: () => {},
  });
  const text = "x".repeat(1_000);
  const patient = await openStranger(ctx, server.address);
  patient.send(hello("ada's")).catch(() => {});
  for (let count = 0; count < 400; count++) {
    patient.send(["run", [text], {}]).catch(() => {});
  }
  await patient.closed;
  const loud = await openStranger(ctx, server.address);
  const sent = loud.send(["run", ["x".repeat(70_000)], {}]);
  await assertRejects(() => sent, ConnectionClosedError);
  // A small payload that is large once it is decoded.
  const wide = await openStranger(ctx, server.address);
  const lists = Array.from({ length: 5_000 }, () => []);
  const heavy = wide.send(["run", [lists], {}]);
  await assertRejects(() => heavy, ConnectionClosedError);
  assertEquals(ran, []);
  assertEquals(server.stats().heldBytes, 0);
});

withCtx(
  "authenticate may fail with what cannot be looked at, and harms nobody else",
  async (ctx) => {
    const fail = () => {
      throw null;
    };
    const thrown = new Proxy({}, { get: fail, getPrototypeOf: fail });
    const reports: unknown[] = [];
    const { served } = watched();
    const server = await ctx.rpc.startServer(served, {
      authenticate: (credentials) => {
        if (credentials === "odd") throw thrown;
        return true;
      },
      onError: (error) => reports.push(error),
    });
    await assertRejects(
      () => ctx.rpc.connect({ credentials: "odd" }),
      ConnectError,
    );
    const client = await ctx.rpc.connect<typeof served>({ credentials: "ok" });
    assertEquals(await client.remote.run(), "ran");
    assertEquals([reports.length, server.clients.size], [1, 1]);
    assert(reports[0] === thrown);
  },
);

const users = new Map([["ada's", { name: "ada" }]]);

const NO_IDENTITY: [string, Authenticate][] = [
  ["false", (credentials) => credentials === "ada's"],
  // Users of JavaScript get no error from the compiler.
  ["nothing", ((it: string) => users.get(it)) as never],
  ["nothing later", (async (it: string) => await users.get(it)) as never],
  ["null", ((it: string) => users.get(it) ?? null) as never],
];

for (const [name, authenticate] of NO_IDENTITY) {
  withCtx({
    name: `authenticate that returns ${name} refuses the peer`,
    codecs,
  }, async (ctx) => {
    const { ran, options, served } = watched();
    const reports: unknown[] = [];
    const server = await ctx.rpc.startServer(served, {
      ...options,
      authenticate,
      onError: (error, { kind }) => reports.push([kind, error]),
    });
    const refused = await assertRejects(
      () => ctx.rpc.connect({ credentials: "guess" }),
      AuthenticationError,
      "refuses the credentials",
    );
    assertFalse(refused.message.includes("nothing"));
    const stranger = await ctx.rpc.connect<typeof served>();
    await assertRejects(() => stranger.remote.run());
    assertEquals((await stranger.closed).code, "authentication");
    assertEquals([server.stats().refusedPeers, server.clients.size], [2, 0]);
    assertEquals(ran, []);
    const ada = await ctx.rpc.connect<typeof served>({ credentials: "ada's" });
    assertEquals(await ada.remote.run(), "ran");
    const texts = reports.map(String);
    assertEquals(texts.length, name === "false" ? 0 : 2);
    for (const text of texts) {
      assertStringIncludes(text, "admission,TypeError: Cannot admit '");
      assertStringIncludes(text, "'authenticate' returned nothing");
    }
  });
}

/** Checks the types only. */
export async function _returnsAnIdentity(): Promise<void> {
  const door = service({ knock() {} });
  await startServer("local://a", door, {
    // @ts-expect-error nothing is returned
    authenticate: () => {},
  });
  await startServer("local://a", door, {
    // @ts-expect-error there may be no such user
    authenticate: (credentials) => users.get(String(credentials)),
  });
  await startServer("local://a", door, {
    // @ts-expect-error there may be no such user
    authenticate: async (it) => await Promise.resolve(users.get(String(it))),
  });
  const server = await startServer("local://a", door, {
    authenticate: (credentials) => users.get(String(credentials))!,
  });
  for (const { identity } of server.clients) identity.name satisfies string;
}
