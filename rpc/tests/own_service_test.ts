import { assertEquals, assertRejects } from "@std/assert";
import { RemoteError } from "../../channel/errors.ts";
import { withCtx } from "../../testing/fixtures/everywhere.ts";
import type { RpcClient } from "../rpc_client.ts";
import { expose } from "../service/expose.ts";
import { service } from "../service/service.ts";

withCtx(
  "startServer makes a service for each connection, and disposes of it",
  async (ctx) => {
    const closed: string[] = [];
    class Session implements Disposable {
      #count = 0;
      readonly #client: RpcClient<{ title(): string }>;

      constructor(client: RpcClient<{ title(): string }>) {
        this.#client = client;
      }

      @expose
      async count(): Promise<string> {
        return `${await this.#client.remote.title()} ${++this.#count}`;
      }

      @expose
      whoAmI(): unknown {
        return this.#client.identity;
      }

      [Symbol.dispose](): void {
        closed.push(String(this.#client.identity));
      }
    }
    const server = await ctx.rpc.startServer(
      (client: RpcClient<{ title(): string }>) => new Session(client),
      { authenticate: (credentials) => credentials ?? true },
    );
    const connect = (name: string) =>
      ctx.rpc.connect<Session>({
        credentials: name,
        service: service({ title: () => name }),
      });
    const ada = await connect("Ada");
    const bob = await connect("Bob");
    assertEquals(await ada.remote.count(), "Ada 1");
    assertEquals(await ada.remote.count(), "Ada 2");
    assertEquals(await bob.remote.count(), "Bob 1");
    assertEquals(await bob.remote.whoAmI(), "Bob");
    const idle = await connect("nobody");
    const sides = [...server.clients];
    await Promise.all([ada.close(), idle.close()]);
    await Promise.all(
      sides.filter(({ identity }) => identity !== "Bob").map((it) => it.closed),
    );
    assertEquals(closed, ["Ada"]);
  },
);

withCtx(
  "startServer tells a call that its service cannot be made",
  async (ctx) => {
    let calls = 0;
    await ctx.rpc.startServer(() => {
      if (++calls === 1) throw new RangeError("not yet");
      return calls === 2 ? {} : service({ ping: () => "pong" });
    });
    const { remote } = await ctx.rpc.connect<{ ping(): string }>();
    await assertRejects(() => remote.ping(), RemoteError, "not yet");
    await assertRejects(() => remote.ping(), RemoteError, "exposes nothing");
    assertEquals(await remote.ping(), "pong");
  },
);

withCtx(
  "startServer and openConnection refuse a class instead of a service",
  async (ctx) => {
    class Greeter {
      @expose
      greet(): string {
        return "Hello";
      }
    }
    const refusal = "Cannot serve: 'Greeter' is a class";
    await assertRejects(
      () => ctx.rpc.startServer(Greeter),
      TypeError,
      refusal,
    );
    await ctx.rpc.startServer(() => new Greeter());
    await assertRejects(
      () => ctx.rpc.connect({ service: Greeter }),
      TypeError,
      refusal,
    );
    const { remote } = await ctx.rpc.connect<Greeter>();
    assertEquals(await remote.greet(), "Hello");
  },
);
