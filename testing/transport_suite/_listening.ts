import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { AddressInUseError, ConnectError } from "../../transports/errors.ts";
import type { Obligations } from "./_stage.ts";

/** Obligations to listeners and connecting clients. */
export const listeningObligations: Obligations = {
  addresses: {
    title: "tells the real addresses of both ends",
    async run(stage) {
      const { client, server, listener } = await stage.pair();
      const prefix = `${stage.transport.scheme}://`;
      assertEquals(listener.address.slice(0, prefix.length), prefix);
      assertEquals(client.connection.remoteAddress, listener.address);
      assertEquals(server.connection.localAddress, listener.address);
      assertEquals(
        server.connection.remoteAddress,
        client.connection.localAddress,
      );
    },
  },
  wrongAddress: {
    title: "refuses the address of another transport",
    async run(stage) {
      for (const address of ["", "elsewhere", "no-such-scheme://x"]) {
        await assertRejects(() => stage.listen(address), TypeError);
        await assertRejects(() => stage.connect(address), TypeError);
      }
    },
  },
  listenerClose: {
    title: "frees the address on close and lets connections go on",
    async run(stage) {
      const { client, server, listener } = await stage.pair();
      await Promise.all([listener.close(), listener.close()]);
      await listener.close();
      await client.write("still here");
      await server.expect("still here");

      // The address is free: another server can take it and is reached there.
      const next = await stage.listen(listener.address);
      assertEquals(next.address, listener.address);
      await listener.close();
      const second = await stage.join(next.address);
      await second.client.write("new");
      await second.server.expect("new");

      await server.write("and answering");
      await client.expect("and answering");
    },
  },
  addressInUse: {
    title: "refuses to listen where another server does",
    async run(stage) {
      const listener = await stage.listen();
      const error = await assertRejects(
        () => stage.listen(listener.address),
        AddressInUseError,
      );
      assertEquals(error.address, listener.address);
      const client = await stage.connect(listener.address);
      await client.write("!");
      const into = new Uint8Array(1);
      for (let read: number | null = null; read === null;) {
        // The second server may have connected to check that the first is
        // alive.
        const { stream } = await stage.accepted();
        read = await stream.read(into).catch(() => null);
      }
      assertEquals(new TextDecoder().decode(into), "!");
    },
  },
  connectNobody: {
    title: "fails to connect where nobody listens",
    async run(stage) {
      const listener = await stage.listen();
      await listener.close();
      const error = await assertRejects(
        () => stage.connect(listener.address),
        ConnectError,
      );
      assertEquals(error.address, listener.address);
    },
  },
  abortBefore: {
    title: "does not connect with a signal that is aborted",
    async run(stage) {
      const listener = await stage.listen();
      const reason = new Error("gave up");
      const error = await assertRejects(() =>
        stage.connect(listener.address, { signal: AbortSignal.abort(reason) })
      );
      assertStrictEquals(error, reason);
      // The attempt must not reach the server: the next connection is its
      // first.
      await stage.join(listener.address);
      assertEquals(stage.acceptedCount, 0);
    },
  },
  abortDuring: {
    title: "gives up connecting when its signal is aborted",
    async run(stage) {
      const listener = await stage.listen();
      const controller = new AbortController();
      const connecting = stage.connect(listener.address, {
        signal: controller.signal,
      });
      const reason = new Error("gave up");
      controller.abort(reason);
      assertStrictEquals(await assertRejects(() => connecting), reason);

      // The same applies where nobody listens, whichever error comes first.
      await listener.close();
      const second = new AbortController();
      const failing = stage.connect(listener.address, {
        signal: second.signal,
      });
      second.abort(reason);
      assertStrictEquals(await assertRejects(() => failing), reason);
    },
  },
  abortAfter: {
    title: "keeps a connection whose signal is aborted later",
    async run(stage) {
      const controller = new AbortController();
      const { signal } = controller;
      const { client, server } = await stage.pair({ signal });
      controller.abort();
      await client.write("connected");
      await server.expect("connected");
    },
  },
  refUnref: {
    title: "goes on after unref and ref of both ends and the listener",
    async run(stage) {
      const { client, server, listener } = await stage.pair();
      for (const held of [listener, client.stream, server.stream]) {
        held.unref();
        held.ref();
      }
      await client.write("ping");
      await server.expect("ping");
      await server.write("pong");
      await client.expect("pong");
      await stage.join(listener.address);
    },
  },
};
