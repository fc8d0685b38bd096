// deno-lint-ignore-file no-import-prefix -- only this test needs zod
import { assert, assertEquals, assertRejects } from "@std/assert";
import { z } from "npm:zod@4.6.7";
import { AddressInUseError } from "../../transports/errors.ts";
import { call } from "../call.ts";
import { startServer } from "../deno.ts";
import { AuthenticationError, ServiceError } from "../errors.ts";
import type { RpcServerOptions } from "../server.ts";
import { method } from "../service/method.ts";
import { service } from "../service/service.ts";
import { Topic } from "../topics/topic.ts";
import { httpDoor, type HttpDoorOptions } from "./door.ts";

let ended = 0;
const news = new Topic<number>();
const jobs = service({
  add: method(
    { args: [z.number(), z.number()], result: z.number() },
    (a, b) => a + b,
  ),
  greet: (name = "you") => `Hello, ${name}`,
  nothing: () => {},
  when: () => new Date(0),
  whoAmI: () => call().identity ?? null,
  below: service({ "a name": () => "found" }),
  refuse: () => {
    throw new ServiceError("no money", { code: "no_money", data: { left: 3 } });
  },
  fail: () => {
    throw new Error("postgres://admin:hunter2@db");
  },
  pass: () => (n: number) => n,
  passBelow: () => ({ list: [(n: number) => n] }),
  streamBelow: () => ({ items: jobs.count(1) }),
  big: () => 5n,
  symbol: () => Symbol(),
  refuseFirst: async function* () {
    yield await Promise.resolve(jobs.refuse());
  },
  failFirst: async function* () {
    yield await Promise.resolve(jobs.fail());
  },
  refuseSecond: async function* () {
    yield await Promise.resolve({ error: "an item" });
    jobs.refuse();
  },
  failSecond: async function* () {
    yield await Promise.resolve(1);
    jobs.fail();
  },
  bigSecond: async function* () {
    yield await Promise.resolve(1);
    yield 5n;
  },
  news: () => news.subscribe({ last: 1 }),
  count: async function* (end: number) {
    try {
      for (let n = 1; n <= end; n++) yield await Promise.resolve(n);
    } finally {
      ended++;
    }
  },
  wait: async () => {
    const { signal } = call();
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    ended++;
  },
});

/** Opens an RPC server with a door, and a function that posts to it. */
async function open(
  options: RpcServerOptions = {},
  doorOptions: HttpDoorOptions = {},
) {
  const door = httpDoor(doorOptions);
  const rpc = await startServer(door.address, jobs, {
    transports: [door],
    onMethodError: () => {},
    onError: () => {},
    ...options,
  });
  const webErrors: unknown[] = [];
  const onError = (error: unknown) => {
    webErrors.push(error);
    return new Response("failed", { status: 500 });
  };
  const web = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {}, onError },
    (request, info) => door.call(request, info) ?? new Response("a page"),
  );
  const post = (path: string, body?: unknown, init: RequestInit = {}) =>
    fetch(`http://127.0.0.1:${web.addr.port}/rpc/${path}`, {
      method: "POST",
      ...(body !== undefined && {
        body: typeof body === "string" ? body : JSON.stringify(body),
      }),
      ...init,
      headers: { "content-type": "application/json", ...init.headers },
    });
  return {
    rpc,
    post,
    port: web.addr.port,
    async [Symbol.asyncDispose]() {
      await rpc.close({ graceMs: 0 });
      await web.shutdown();
      assertEquals(webErrors, []);
    },
  };
}

const ANSWERS: readonly [
  path: string,
  body: unknown,
  status: number,
  unknown,
][] = [
  ["add", [1, 2], 200, 3],
  ["greet", ["Ada"], 200, "Hello, Ada"],
  ["greet", [], 200, "Hello, you"],
  ["greet", undefined, 200, "Hello, you"],
  ["nothing", [], 200, null],
  ["when", [], 200, "1970-01-01T00:00:00.000Z"],
  ["whoAmI", [], 200, null],
  ["add", ["1", 2], 400, "invalid_argument"],
  ["add", [1, 2, 3], 400, "invalid_argument"],
  ["add", { a: 1 }, 400, "body"],
  ["add", "{", 400, "body"],
  ["missing", [], 404, "not_found"],
  ["constructor", [], 404, "not_found"],
  ["$/hello", [{}], 404, "not_found"],
  ["%zz", [], 404, "not_found"],
  ["refuse", [], 422, "no_money"],
  ["fail", [], 500, "internal"],
  ["pass", [], 500, undefined],
  ["passBelow", [], 500, undefined],
  ["streamBelow", [], 500, undefined],
  ["big", [], 500, undefined],
  ["symbol", [], 500, "not_serializable"],
  ["refuseFirst", [], 422, "no_money"],
  ["failFirst", [], 500, "internal"],
];

for (const [path, body, status, expected] of ANSWERS) {
  const name = `httpDoor answers ${path} ${
    JSON.stringify(body)
  } with ${status}`;
  Deno.test(name, async () => {
    await using it = await open();
    const response = await it.post(path, body);
    const answer = await response.json();
    assertEquals(response.status, status, JSON.stringify(answer));
    assertEquals(response.headers.get("content-type"), "application/json");
    if (status === 200) return assertEquals(answer, expected);
    assertEquals(answer.error.code, expected);
    assert(!JSON.stringify(answer).includes("hunter2"));
    if (status === 422) assertEquals(answer.error.data, { left: 3 });
    if (expected === "invalid_argument") {
      const { part, issues } = answer.error.data;
      const count = (body as unknown[]).length > 2 ? 0 : 1;
      assertEquals([part, issues.length], ["argument", count]);
    }
  });
}

Deno.test("httpDoor answers what is no call", async () => {
  await using it = await open({}, { maxBodyBytes: 20 });
  const answers: [RequestInit, number][] = [
    [{ method: "GET" }, 405],
    [{ headers: { "content-type": "text/plain" } }, 415],
    [{ headers: { origin: "https://evil.example" } }, 403],
    [{ body: JSON.stringify(["x".repeat(30)]) }, 413],
    [{ headers: { "content-type": "application/json; charset=utf-8" } }, 200],
  ];
  for (const [init, status] of answers) {
    const response = await it.post("greet", undefined, init);
    await response.body?.cancel();
    assertEquals(response.status, status, JSON.stringify(init));
  }
  const page = await fetch(`http://127.0.0.1:${it.port}/`);
  assertEquals(await page.text(), "a page");
});

Deno.test("httpDoor gives 'authenticate' the token and the request", async () => {
  await using it = await open({
    authenticate: (credentials, { request }) => {
      if (credentials === "secret") return "ada";
      const sid = request!.cookies.get("sid");
      if (sid === "abc") return "eve";
      throw new AuthenticationError("Log in first");
    },
  });
  const as = async (headers: Record<string, string>) => {
    const response = await it.post("whoAmI", [], { headers });
    return [response.status, await response.json()];
  };
  assertEquals(await as({ authorization: "Bearer secret" }), [200, "ada"]);
  assertEquals(await as({ cookie: "sid=abc" }), [200, "eve"]);
  for (const headers of [{}, { authorization: "Bearer guess" }]) {
    const [status, { error }] = await as(headers);
    assertEquals([status, error.code], [401, "unauthenticated"]);
  }
});

Deno.test("httpDoor answers 401 where 'authenticate' returns no identity", async () => {
  const users = new Map([["secret", "ada"]]);
  for (
    const authenticate of [
      (credentials: unknown) => credentials === "secret",
      // It does not compile without the cast.
      ((it: string) => users.get(it)) as unknown as () => string,
    ]
  ) {
    await using it = await open({ authenticate, onError() {} });
    for (const [token, status] of [["secret", 200], ["guess", 401]] as const) {
      const headers = { authorization: `Bearer ${token}` };
      const response = await it.post("whoAmI", [], { headers });
      await response.body?.cancel();
      assertEquals(response.status, status);
    }
  }
});

Deno.test("httpDoor answers a stream by lines, and ends it with its reader", async () => {
  await using it = await open();
  ended = 0;
  const whole = await it.post("count", [3]);
  assertEquals(whole.headers.get("content-type"), "application/x-ndjson");
  assertEquals(await whole.text(), "1\n2\n3\n");
  const left = await it.post("count", [1e9]);
  const reader = left.body!.getReader();
  await reader.read();
  await reader.cancel();
  while (ended < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  while (it.rpc.clients.size > 0) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
});

/** Returns the lines of a stream, and the error that ends it. */
async function linesOf(response: Response) {
  const [items, last] = (await response.text()).split(/^\n/m);
  return [response.status, items, last && JSON.parse(last).error];
}

Deno.test("httpDoor ends a stream that fails by a line with the error", async () => {
  const onError: unknown[] = [];
  await using it = await open({ onError: (error) => onError.push(error) });
  const told = [200, '{"error":"an item"}\n', {
    name: "ServiceError",
    message: "no money",
    code: "no_money",
    data: { left: 3 },
  }];
  assertEquals(await linesOf(await it.post("refuseSecond", [])), told);
  const failed = await linesOf(await it.post("failSecond", []));
  assertEquals([...failed.slice(0, 2), failed[2].code], [
    200,
    "1\n",
    "internal",
  ]);
  const big = await linesOf(await it.post("bigSecond", []));
  assertEquals([...big.slice(0, 2), big[2].name], [200, "1\n", "TypeError"]);
  assertEquals(onError.map(String), [`TypeError: ${big[2].message}`]);
});

Deno.test("httpDoor ends streams by an error when its server closes", async () => {
  await using it = await open();
  await news.publish(1);
  const streams = [await it.post("news", []), await it.post("count", [1e9])];
  const ends = streams.map(linesOf);
  await it.rpc.close({ graceMs: 10 });
  for (const [at, code] of ["busy", "closed"].entries()) {
    assertEquals((await ends[at]!)[2].code, code);
  }
});

Deno.test("httpDoor reports a result that JSON cannot express", async () => {
  const reported: unknown[][] = [];
  await using it = await open({
    onError: (error, { kind, address }) =>
      reported.push([(error as Error).message, kind, address]),
  });
  const answer = await (await it.post("big", [])).json();
  const { message } = answer.error;
  assertEquals(reported, [[message, "accept", it.rpc.address]]);
  assert(message.startsWith("Cannot answer 'big' by JSON"));
});

Deno.test("httpDoor cancels the call of a client that goes away", async () => {
  await using it = await open();
  ended = 0;
  const away = new AbortController();
  const asking = it.post("wait", [], { signal: away.signal });
  while (it.rpc.clients.size === 0) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  away.abort();
  await assertRejects(() => asking, DOMException);
  while (ended === 0) await new Promise((resolve) => setTimeout(resolve, 5));
});

Deno.test("httpDoor keeps nothing of its calls, and closes with its server", async () => {
  const it = await open();
  for (let round = 0; round < 20; round++) {
    await (await it.post("add", [1, 2])).body?.cancel();
  }
  while (it.rpc.clients.size > 0) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assertEquals(it.rpc.stats().acceptedConnections, 20);
  await it.rpc.close();
  const response = await it.post("add", [1, 2]);
  assertEquals([response.status, (await response.json()).error.code], [
    503,
    "unavailable",
  ]);
  await it[Symbol.asyncDispose]();
});

Deno.test("httpDoor answers 503 before its server has started", async () => {
  const request = new Request("http://a/rpc/add", {
    method: "POST",
    headers: { "content-type": "application/json" },
  });
  const response = (await httpDoor().call(request))!;
  assertEquals(response.status, 503);
  assert((await response.json()).error.message.includes("not started"));
});

Deno.test("httpDoor serves one server at a time", async () => {
  const door = httpDoor();
  const options = { transports: [door] };
  await using _rpc = await startServer(door.address, jobs, options);
  await assertRejects(
    () => startServer(door.address, jobs, options),
    AddressInUseError,
  );
  await assertRejects(
    () => startServer("http://elsewhere", jobs, options),
    TypeError,
  );
});
