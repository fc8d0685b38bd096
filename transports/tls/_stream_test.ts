import process from "node:process";
import { Duplex } from "node:stream";
import type { ConnectionOptions, TLSSocket } from "node:tls";
import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { createTestAuthority } from "../../testing/certificates/certificates.ts";
import { ConnectError, HandshakeError } from "../errors.ts";
import { secureClient, secureServer } from "./_handshake.ts";
import type { HandshakeTask } from "./_verdict.ts";
import { readCredentials } from "./credentials.ts";
import type { ByteStream, Connection } from "../transport.ts";
import type { TlsOptions } from "./options.ts";
import { tlsStream } from "./_stream.ts";

const authority = await createTestAuthority();
const { cert, key } = await authority.issue();
const SERVER: TlsOptions = { cert, key, minVersion: "TLSv1.3" };
const CLIENT: TlsOptions = { caCerts: authority.caCert, minVersion: "TLSv1.3" };
const ADDRESS = "tcp://127.0.0.1:1";

function endOf(stream: Deno.TcpConn): Connection {
  return { stream, localAddress: ADDRESS, remoteAddress: ADDRESS };
}

/** Both ends of a connection through TLS. */
async function pair(): Promise<[ByteStream, ByteStream]> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const [conn, near] = await Promise.all([
    listener.accept() as Promise<Deno.TcpConn>,
    Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }),
  ]);
  const { signal } = new AbortController();
  const [server, client] = await Promise.all([
    secureServer(
      await readCredentials(SERVER),
      task("client", endOf(conn), signal),
      60_000,
    ),
    secureClient(
      await readCredentials(CLIENT),
      task("server", endOf(near), signal),
    ),
  ]);
  return [server.stream, client.stream];
}

function task(
  other: "server" | "client",
  connection: Connection,
  signal: AbortSignal,
): HandshakeTask & { readonly host: string } {
  return { other, connection, address: ADDRESS, host: "localhost", signal };
}

async function readAll(stream: ByteStream): Promise<string> {
  const into = new Uint8Array(3);
  let text = "";
  for (;;) {
    const bytes = await stream.read(into);
    if (bytes === null) return text;
    text += new TextDecoder().decode(into.subarray(0, bytes));
  }
}

Deno.test("tlsStream reads on after it has ended its own direction", async () => {
  const [server, client] = await pair();
  await client.write(new TextEncoder().encode("question"));
  await client.closeWrite();
  assertEquals(await readAll(server), "question");
  await server.write(new TextEncoder().encode("late answer"));
  await server.closeWrite();
  assertEquals(await readAll(client), "late answer");
  client.close();
  server.close();
});

Deno.test("tlsStream writes large pieces in parts", async () => {
  const [server, client] = await pair();
  const written = await client.write(new Uint8Array(1024 * 1024));
  assertEquals(written, 64 * 1024);
  client.close();
  server.close();
});

Deno.test("tlsStream.close rejects what is pending", async () => {
  const [server, client] = await pair();
  const reading = assertRejects(() => server.read(new Uint8Array(1)));
  server.close();
  await reading;
  await assertRejects(() => server.write(new Uint8Array(1)));
  client.close();

  // A socket that accepts no bytes.
  const stuck = new Duplex({ read: () => {}, write: () => {} });
  const stream = tlsStream(
    stuck as unknown as TLSSocket,
    {} as Deno.TcpConn,
  );
  const writing = assertRejects(() => stream.write(new Uint8Array(1)));
  stream.close();
  await writing;
});

Deno.test("secureClient ends where the connection does as the handshake is done", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const [conn, near] = await Promise.all([
    listener.accept() as Promise<Deno.TcpConn>,
    Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }),
  ]);
  const credentials = await readCredentials(CLIENT);
  const { node } = credentials;
  const connect = ((options, done) =>
    node.tls.connect(options, () => {
      // The socket emits its events before the code that awaits `done` goes on.
      options.socket!.destroy();
      process.nextTick(() => done!());
    })) as (
      options: ConnectionOptions,
      done?: () => void,
    ) => TLSSocket;
  const { signal } = new AbortController();
  const serving = secureServer(
    await readCredentials(SERVER),
    task("client", endOf(conn), signal),
    1_000,
  );
  const { cause: error } = await assertRejects(
    () =>
      secureClient({
        ...credentials,
        node: { ...node, tls: { ...node.tls, connect } as typeof node.tls },
      }, task("server", endOf(near), signal)),
    ConnectError,
  );
  assertInstanceOf(error, HandshakeError);
  assertEquals(error.code, "ended");
  await assertRejects(() => serving, HandshakeError);
});

Deno.test("tlsStream.read rejects where the socket was closed before", async () => {
  const closed = {
    destroyed: true,
    readableLength: 0,
    on: () => {},
    read: () => null,
  };
  const stream = tlsStream(
    closed as unknown as TLSSocket,
    {} as Deno.TcpConn,
  );
  await assertRejects(
    () => stream.read(new Uint8Array(1)),
    Deno.errors.ConnectionReset,
  );
});
