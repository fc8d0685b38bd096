import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { connect, headers, type NatsConnection } from "@nats-io/transport-node";
import { call } from "../../rpc/call.ts";
import { AuthenticationError, ServiceError } from "../../rpc/errors.ts";
import { method } from "../../rpc/service/method.ts";
import type { StandardSchema } from "../../rpc/service/schemas.ts";
import { service } from "../../rpc/service/service.ts";
import { testWithNats } from "./fixtures/server.ts";
import { serveOnNats } from "./serve.ts";

/** A schema for numbers, like that of a library. */
const number: StandardSchema<number> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) =>
      typeof value === "number"
        ? { value }
        : { issues: [{ message: "a number is wanted" }] },
  },
};

const identity = { name: "adder", version: "1.2.3" };

function makeAdder() {
  return service({
    add: method({ args: [number, number] }, (a: number, b: number) => a + b),
    fail: () => {
      throw new Error("secret");
    },
    refuse: () => {
      throw new ServiceError("Sold out", { code: "sold_out", data: 3 });
    },
    count: async function* () {
      yield await Promise.resolve(1);
    },
    callback: () => () => 1,
    whoami: () => call().identity,
    admin: service({ close: (name: string) => `closed ${name}` }),
  });
}

/**
 * Returns the answer to a request: its content, and its error if there is one.
 */
async function ask(
  nats: NatsConnection,
  subject: string,
  body: unknown = [],
  token?: string,
) {
  const head = headers();
  if (token !== undefined) head.set("Authorization", `Bearer ${token}`);
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const answer = await nats.request(subject, text, {
    timeout: 5_000,
    headers: head,
  });
  const code = answer.headers?.get("Nats-Service-Error-Code");
  return { content: answer.json() as unknown, code: code ? Number(code) : 200 };
}

/** Registers a test with two clients of one server. */
function testServing(
  name: string,
  fn: (nats: NatsConnection, client: NatsConnection) => Promise<void>,
): void {
  testWithNats(name, async ({ url }) => {
    const [nats, client] = await Promise.all([
      connect({ servers: url }),
      connect({ servers: url }),
    ]);
    try {
      await fn(nats, client);
    } finally {
      await Promise.all([nats.close(), client.close()]);
    }
  });
}

testServing(
  "serveOnNats answers calls in plain JSON, those of sub-services too",
  async (nats, client) => {
    await using server = await serveOnNats(nats, makeAdder(), identity);
    assertEquals(await ask(client, "adder.add", [1, 2]), {
      content: 3,
      code: 200,
    });
    assertEquals(await ask(client, "adder.admin.close", ["a"]), {
      content: "closed a",
      code: 200,
    });
    await server.close();
    await assertRejects(() => ask(client, "adder.add", [1, 2]), Error);
    assertEquals(nats.isClosed(), false);
  },
);

testServing(
  "serveOnNats masks and tells errors as other ways to a method do",
  async (nats, client) => {
    const reported: unknown[] = [];
    await using _server = await serveOnNats(nats, makeAdder(), {
      ...identity,
      prefix: "sums",
      onMethodError: (error) => void reported.push(error),
    });
    const failed = await ask(client, "sums.fail");
    assertEquals(failed.code, 500);
    assertEquals(JSON.stringify(failed.content).includes("secret"), false);
    assertEquals((reported[0] as Error).message, "secret");
    assertEquals(await ask(client, "sums.refuse"), {
      code: 422,
      content: {
        error: {
          name: "ServiceError",
          message: "Sold out",
          code: "sold_out",
          data: 3,
        },
      },
    });
    const wrong = await ask(client, "sums.add", ["1", 2]);
    assertEquals(wrong.code, 400);
    assertMatch(JSON.stringify(wrong.content), /a number is wanted/);
    for (const body of ["no JSON", { a: 1 }, "[1"]) {
      assertEquals((await ask(client, "sums.add", body)).code, 400);
    }
    for (const path of ["count", "callback"]) {
      assertEquals((await ask(client, `sums.${path}`)).code, 500);
    }
  },
);

testServing(
  "serveOnNats refuses requests that are too long",
  async (nats, client) => {
    await using _server = await serveOnNats(nats, makeAdder(), {
      ...identity,
      maxBodyBytes: 100,
    });
    const { code, content } = await ask(client, "adder.add", ["x".repeat(100)]);
    assertEquals(code, 400);
    assertMatch(JSON.stringify(content), /over 100 bytes/);
  },
);

testServing(
  "serveOnNats runs middleware, and authenticate with the token of the request",
  async (nats, client) => {
    const seen: string[] = [];
    await using _server = await serveOnNats(nats, makeAdder(), {
      ...identity,
      authenticate: (credentials) => {
        if (credentials === "ada's") return "ada";
        throw new AuthenticationError("Members only");
      },
      middleware: {
        requests: [(call, next) => {
          seen.push(call.path);
          return next();
        }],
      },
    });
    assertEquals((await ask(client, "adder.whoami")).code, 401);
    assertEquals(seen, []);
    assertEquals(await ask(client, "adder.whoami", [], "ada's"), {
      content: "ada",
      code: 200,
    });
    assertEquals(seen, ["whoami"]);
  },
);

testServing(
  "serveOnNats is found and counted by monitors",
  async (nats, client) => {
    await using _server = await serveOnNats(nats, makeAdder(), {
      ...identity,
      description: "Adds",
    });
    await ask(client, "adder.add", [1, 2]);
    await ask(client, "adder.add", ["1", 2]);
    const ping = (await ask(client, "$SRV.PING")).content as { id: string };
    assertEquals(
      ping,
      {
        type: "io.nats.micro.v1.ping_response",
        ...identity,
        id: ping.id,
        metadata: {},
      } as typeof ping,
    );
    const info = (await ask(client, "$SRV.INFO.adder")).content as {
      readonly endpoints: readonly { readonly subject: string }[];
      readonly description: string;
    };
    assertEquals(info.description, "Adds");
    assertEquals(info.endpoints.map(({ subject }) => subject), [
      "adder.add",
      "adder.fail",
      "adder.refuse",
      "adder.count",
      "adder.callback",
      "adder.whoami",
      "adder.admin.close",
    ]);
    const stats = (await ask(client, `$SRV.STATS.adder.${ping.id}`))
      .content as {
        readonly endpoints: readonly Record<string, unknown>[];
        readonly started: string;
      };
    const { num_requests, num_errors, last_error } = stats.endpoints[0]!;
    assertEquals([num_requests, num_errors], [2, 1]);
    assertMatch(`${last_error}`, /^ValidationError: /);
    assertMatch(stats.started, /^\d{4}-.*Z$/);
  },
);

testServing(
  "two that serve one name share its calls, and each answers monitors",
  async (nats, client) => {
    const make = (own: string) => service({ whose: () => own });
    await using _one = await serveOnNats(nats, make("one"), identity);
    await using two = await serveOnNats(client, make("two"), identity);
    const answers = new Set<unknown>();
    while (answers.size < 2) {
      answers.add((await ask(client, "adder.whose")).content);
    }
    const ids = new Set<string>();
    const found = await client.requestMany("$SRV.PING", "", {
      maxMessages: 2,
      maxWait: 5_000,
      strategy: "count",
    });
    for await (const message of found) {
      ids.add(message.json<{ id: string }>().id);
    }
    assertEquals(ids.size, 2);
    await two.close();
    for (let n = 0; n < 5; n++) {
      assertEquals((await ask(client, "adder.whose")).content, "one");
    }
  },
);

testServing(
  "serveOnNats refuses names that are no words of subjects",
  async (nats) => {
    for (
      const wrong of [
        { name: "a b" },
        { name: "" },
        { name: "a.>" },
        { version: "1" },
        { prefix: "a.*" },
      ]
    ) {
      await assertRejects(
        () => serveOnNats(nats, makeAdder(), { ...identity, ...wrong }),
        TypeError,
        "Cannot serve on NATS",
      );
    }
  },
);
