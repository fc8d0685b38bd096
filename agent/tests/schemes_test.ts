import { assert, assertEquals, assertRejects } from "@std/assert";
import { call } from "../../rpc/call.ts";
import { expose } from "../../rpc/service/expose.ts";
import type { Remote } from "../../rpc/remote.ts";
import { withCtx } from "../../testing/ctx.ts";
import { memory } from "../../transports/memory.ts";
import { tcp } from "../../transports/tcp.ts";
import { unix } from "../../transports/unix.ts";
import { addressOf } from "../address.ts";
import { Agent } from "../agent.ts";
import { Container } from "../container.ts";
import type { ContainerOptions } from "../container_options.ts";
import { hubTransport } from "../fixtures/hub_transport.ts";
import { until } from "../fixtures/until.ts";

class Peer extends Agent {
  @expose
  hello(): string {
    return `hello from ${this.address}`;
  }
  @expose
  callerAddress(): string {
    return call().remoteAddress;
  }
  /** Greets an agent that was passed, which may require a new connection. */
  @expose
  async relay(other: Remote<Peer>): Promise<string> {
    return await other.hello();
  }
}

const options = { transports: ["tcp"] } as const;

/** The containers of one test. They are closed before their step ends. */
class Containers extends AsyncDisposableStack {
  async create(
    address: string,
    more: ContainerOptions = {},
  ): Promise<Container> {
    const transports = [tcp(), unix(), memory(), hubTransport()];
    const allowConnect = () => true;
    return this.use(
      await Container.create(address, { transports, allowConnect, ...more }),
    );
  }
}

withCtx({
  ...options,
  name: "agents dial a scheme of one's own and TCP at the same time",
}, async () => {
  await using containers = new Containers();
  const hub = await containers.create("nats://hub/0");
  const other = await containers.create("nats://hub/1");
  const overTcp = await containers.create("tcp://127.0.0.1:0");
  assertEquals(hub.address, "nats://hub/0");
  const one = await hub.spawn(Peer);
  const two = await other.spawn(Peer);
  const three = await overTcp.spawn(Peer);
  assertEquals(one.address, "nats://hub/0/0");

  const [toTwo, toThree] = await Promise.all([
    hub.connect<Peer>(two.address),
    hub.connect<Peer>(three.address),
  ]);
  assertEquals(await Promise.all([toTwo.hello(), toThree.hello()]), [
    `hello from ${two.address}`,
    `hello from ${three.address}`,
  ]);
  assert((await toTwo.callerAddress()).startsWith("nats://hub/"));
  assert((await toThree.callerAddress()).startsWith("tcp://127.0.0.1:"));
  assertEquals(addressOf(toTwo), "nats://hub/1/0");

  // A third container is reached by its own scheme: agents on TCP reach agents
  // on the hub, and vice versa.
  assertEquals(await toThree.relay(toTwo), `hello from ${two.address}`);
  assertEquals(await toTwo.relay(toThree), `hello from ${three.address}`);
  assertEquals(overTcp.stats().connections, 1);
  assertEquals(hub.stats().connections, 2);

  const gone = overTcp.watch(two.address);
  await until(() => other.stats().watches === 1);
  await other.close();
  assertEquals((await gone).address, "nats://hub/1/0");
});

withCtx({
  ...options,
  name: "a container listens at one address and dials peers on each scheme",
}, async () => {
  await using containers = new Containers();
  const folder = await Deno.makeTempDir();
  containers.defer(() => Deno.remove(folder, { recursive: true }));
  const here = await containers.create("local://here-of-many-schemes");
  const agents = [];
  for (
    const address of [
      "tcp://127.0.0.1:0",
      `ipc://[${folder}/peer.sock]`,
      "nats://hub/peer",
    ]
  ) agents.push(await (await containers.create(address)).spawn(Peer));
  const proxies = await Promise.all(
    agents.map(({ address }) => here.connect<Peer>(address)),
  );
  assertEquals(
    await Promise.all(proxies.map((it) => it.hello())),
    agents.map(({ address }) => `hello from ${address}`),
  );
  const callers = await Promise.all(proxies.map((it) => it.callerAddress()));
  assertEquals(
    callers.map((it) => it.slice(0, it.indexOf("://"))),
    ["tcp", "ipc", "nats"],
  );
  assertEquals(here.stats().connections, 3);
  // Each one passes the next, which is reached by the scheme of its address.
  for (const [i, proxy] of proxies.entries()) {
    const next = (i + 1) % proxies.length;
    assertEquals(
      await proxy.relay(proxies[next]!),
      `hello from ${agents[next]!.address}`,
    );
  }
});

withCtx({
  ...options,
  name: "a container dials no address that its transports do not take",
}, async () => {
  await using containers = new Containers();
  const here = await containers.create("tcp://127.0.0.1:0", {
    transports: undefined,
  });
  for (
    const address of [
      "nats://hub/0/0",
      "http://127.0.0.1:5555/0",
      "tcp://127.0.0.1/0",
      "tcp://127.0.0.1:5555/a/b",
      "local://a b/0",
    ]
  ) await assertRejects(() => here.connect(address), TypeError, "Cannot");
  await assertRejects(
    () => here.connect("nats://hub/0/0"),
    TypeError,
    "no transport has the scheme 'nats'",
  );
  await assertRejects(
    () => Container.create("nats://hub/0"),
    TypeError,
    "no transport has the scheme 'nats'",
  );
  assertEquals(here.stats().connections, 0);
});
