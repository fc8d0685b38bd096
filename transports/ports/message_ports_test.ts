import { assertEquals, assertRejects } from "@std/assert";
import { openConnection, startServer } from "../../rpc/deno.ts";
import { service } from "../../rpc/service/service.ts";
import { testTransport } from "../../testing/transport_suite/transport_suite.ts";
import { ConnectError } from "../errors.ts";
import type { Transport } from "../transport.ts";
import { messagePorts } from "./message_ports.ts";

/** Returns the transports at both ends of a channel that the test closes. */
class Threads implements Disposable {
  readonly #channel = new MessageChannel();
  readonly far: Transport = messagePorts(this.#channel.port1);
  readonly near: Transport = messagePorts(this.#channel.port2);

  [Symbol.dispose](): void {
    this.#channel.port1.close();
    this.#channel.port2.close();
  }
}

let threads: Threads;
let names = 0;

testTransport({
  scheme: "port",
  listen: (...args) => threads.far.listen(...args),
  connect: (...args) => threads.near.connect(...args),
}, {
  name: "messagePorts",
  skip: {
    connectNobody: "what nobody listens for waits, with the port in it",
    abortDuring: "the port is on its way, and nobody can take it back",
  },
  place: () => {
    const own = threads = new Threads();
    return {
      address: `port://test-${++names}`,
      dispose: () => own[Symbol.dispose](),
    };
  },
});

const adder = service({ add: (a: number, b: number) => a + b });

Deno.test("messagePorts leaves other messages on a port alone", async () => {
  const { port1, port2 } = new MessageChannel();
  const seen: unknown[] = [];
  port1.addEventListener("message", ({ data }) => seen.push(data));
  const server = await startServer("port://adder", adder, {
    transports: [messagePorts(port1)],
  });
  for (const message of ["hello", null, { denomas: "connect" }, 7]) {
    port2.postMessage(message);
  }
  const client = await openConnection<typeof adder>("port://adder", {
    transports: [messagePorts(port2)],
  });
  assertEquals(await client.remote.add(1, 2), 3);
  assertEquals(seen.slice(0, 4), ["hello", null, { denomas: "connect" }, 7]);
  await client.close();
  await server.close();
  port1.close();
  port2.close();
});

Deno.test("messagePorts calls a Worker, and notices that it was terminated", async () => {
  const worker = new Worker(
    new URL("../fixtures/port_worker.ts", import.meta.url),
    { type: "module" },
  );
  await new Promise((resolve) =>
    worker.addEventListener("message", resolve, { once: true })
  );
  const transports = [messagePorts(worker)];
  await assertRejects(
    () => openConnection("port://nobody", { transports }),
    ConnectError,
    "no server of the other thread",
  );
  const client = await openConnection<typeof adder>("port://adder", {
    transports,
    heartbeatMs: 50,
  });
  assertEquals(await client.remote.add(1, 2), 3);
  worker.terminate();
  // Nothing else keeps the process alive until then.
  const alive = setInterval(() => {}, 1_000);
  const { code } = await client.closed;
  clearInterval(alive);
  assertEquals(["heartbeat", "lost", "closed"].includes(code), true, code);
});
