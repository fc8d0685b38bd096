// deno-lint-ignore-file no-import-prefix -- only this test needs the package
import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { assertType, type IsExact } from "@std/testing/types";
import { z } from "npm:zod@4.6.7";
import { withCtx } from "../../testing/fixtures/everywhere.ts";
import { type Call, call } from "../call.ts";
import { startServer } from "../deno.ts";
import { AuthenticationError, ServiceError } from "../errors.ts";
import type { RequestMiddleware } from "../middleware.ts";
import type { RpcClient } from "../rpc_client.ts";
import { guarded, method } from "../service/method.ts";
import { service } from "../service/service.ts";

interface User {
  readonly name: string;
  readonly role: "clerk" | "guest";
}

interface Listener {
  hear(text: string): string;
}

function authenticate(credentials: unknown): Promise<User> {
  if (typeof credentials !== "string") throw new AuthenticationError("Who?");
  const role = credentials === "Ada" ? "clerk" : "guest";
  return Promise.resolve({ name: credentials, role });
}

function requireRole(role: User["role"]) {
  return ({ identity }: Call<unknown, User>) => {
    if (identity.role !== role) {
      throw new ServiceError("Forbidden", { code: "forbidden" });
    }
    return { [role]: identity.name };
  };
}

const office = service({
  file: guarded(requireRole("clerk"))(
    { args: [z.string()] },
    (title, { identity }) => {
      assertType<IsExact<typeof identity, User>>(true);
      return `${title} by ${identity.name}`;
    },
  ),
  ping: () => {},
});

withCtx(
  "the identity is typed in guards, methods and middleware",
  async (ctx) => {
    const seen: string[] = [];
    const connected: string[] = [];
    const server = await ctx.rpc.startServer(office, {
      authenticate,
      middleware: {
        requests: [(call, next) => {
          assertType<IsExact<typeof call.identity, User>>(true);
          seen.push(call.identity.name);
          return next();
        }],
      },
      onConnect: ({ identity }) => {
        assertType<IsExact<typeof identity, User>>(true);
        connected.push(identity.role);
      },
    });
    const ada = await ctx.rpc.connect<typeof office>({ credentials: "Ada" });
    assertEquals(await ada.remote.file("Rent"), "Rent by Ada");
    const eve = await ctx.rpc.connect<typeof office>({ credentials: "Eve" });
    await assertRejects(() => eve.remote.file("Rent"), Error, "Forbidden");
    assertEquals(seen, ["Ada", "Eve"]);
    assertEquals(connected, ["clerk", "guest"]);
    const names: string[] = [...server.clients].map((it) => it.identity.name);
    assertEquals(names, ["Ada", "Eve"]);
  },
);

withCtx("call().client is the connection to the caller", async (ctx) => {
  const ended = Promise.withResolvers<string>();
  const clients: unknown[] = [];
  const radio = service({
    tune: async () => {
      const { client } = call<unknown, undefined, Listener>();
      clients.push(client);
      client.closed.then(({ by }) => ended.resolve(by));
      return await client.remote.hear("news");
    },
    late: method({ args: [] }, async ({ client }) => {
      await Promise.resolve();
      clients.push(client);
    }),
  });
  await ctx.rpc.startServer(radio, {
    onConnect: (client: RpcClient<Listener>) => void clients.push(client),
  });
  const listener = await ctx.rpc.connect<typeof radio>({
    service: service({ hear: (text: string) => `heard ${text}` }),
  });
  assertEquals(await listener.remote.tune(), "heard news");
  await listener.remote.late();
  assertEquals(clients.length, 3);
  for (const client of clients) assertStrictEquals(client, clients[0]);
  await listener.close();
  assertEquals(await ended.promise, "peer");
});

/** Not run: it only needs to compile. */
export async function types(): Promise<void> {
  const shop = service({ ping: () => {} });
  const onlyUsers: RequestMiddleware<User> = (_call, next) => next();

  const plain = await startServer("local://a", shop);
  for (const { identity, remote } of plain.clients) {
    assertType<IsExact<typeof identity, unknown>>(true);
    assertType<IsExact<keyof typeof remote & string, never>>(true);
  }

  const told = await startServer("local://a", shop, {
    authenticate,
    middleware: { requests: [onlyUsers] },
    onConnect: async ({ remote }: RpcClient<Listener>) => {
      assertType<IsExact<ReturnType<typeof remote.hear>, Promise<string>>>(
        true,
      );
      await remote.hear("hello");
    },
  });
  for (const { identity, remote } of told.clients) {
    assertType<IsExact<typeof identity.role, "clerk" | "guest">>(true);
    await remote.hear("all");
  }

  await startServer<RpcClient<Listener, User>>("local://a", shop, {
    authenticate,
    onConnect: ({ remote, identity }) => remote.hear(identity.name).then(),
  });
  await startServer("local://a", (client: RpcClient<Listener, User>) => {
    client.remote.hear(client.identity.name);
    return shop;
  }, { authenticate });
  await startServer("local://a", (client) => {
    assertType<IsExact<typeof client.identity, User>>(true);
    return shop;
  }, { authenticate });

  // @ts-expect-error the type is not that of the service that is served
  await startServer<typeof shop>("local://a", shop);
  await startServer<RpcClient<Listener, User>>("local://a", shop, {
    // @ts-expect-error it returns no user
    authenticate: () => "Ada",
  });
  await startServer("local://a", shop, {
    // @ts-expect-error the middleware is for users
    authenticate: () => "Ada",
    middleware: { requests: [onlyUsers] },
  });
}
