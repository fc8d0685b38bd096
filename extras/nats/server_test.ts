import { assert, assertEquals, assertRejects } from "@std/assert";
import { connect } from "@nats-io/transport-node";
import { testWithNats } from "./fixtures/server.ts";

testWithNats(
  "a nats-server is killed, and restarted at the same port",
  async (server) => {
    const nc = await connect({ servers: server.url, reconnect: false });
    assertEquals(nc.info?.jetstream, true);
    assertEquals(nc.info?.version, server.program.version.join("."));
    const { pid } = server;
    await server.kill();
    await nc.closed();
    await assertRejects(() =>
      connect({ servers: server.url, reconnect: false })
    );
    await server.restart();
    assert(server.pid !== pid);
    const again = await connect({ servers: server.url, reconnect: false });
    await again.close();
  },
);
