// deno-lint-ignore-file no-import-prefix -- only this test needs 'ws'
/** Tests against other implementations of RFC 6455, in both roles. */
import { assertEquals } from "@std/assert";
import { WebSocket as NpmSocket, WebSocketServer } from "npm:ws@8.23.0";
import { testWithPython } from "../../dev/checks/fixtures/test_with_python.ts";
import { ROOT } from "../../dev/checks/_project.ts";
import { openConnection, startServer } from "../../rpc/deno.ts";
import { service } from "../../rpc/service/service.ts";
import { BYTES, TEXT } from "./_protocols.ts";
import { ws } from "./ws.ts";

const echo = service({ greet: (name: string) => `Hello, ${name}` });
const transports = [ws()];

/** Calls `greet` by text messages, and closes. */
function greetBy(socket: NpmSocket, name: string): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    const seen: unknown[] = [];
    socket.on("error", reject);
    socket.on(
      "open",
      () => socket.send(JSON.stringify([0, 0, ["greet", [name], {}]])),
    );
    socket.on("message", (data: unknown, isBinary: boolean) => {
      const message = JSON.parse(String(data));
      if (message[0] !== 1) return;
      seen.push(isBinary, message[2]);
      socket.close(1_000, "done");
    });
    socket.on("close", (code: number) => resolve([...seen, code]));
  });
}

for (const length of [3, 125, 126, 65_535, 65_536, 300_000]) {
  Deno.test(`ws serves npm's 'ws' ${length} characters in text`, async () => {
    await using server = await startServer("ws://127.0.0.1:0", echo, {
      transports,
    });
    const name = "ä".repeat(length);
    const socket = new NpmSocket(server.address, [TEXT]);
    assertEquals(await greetBy(socket, name), [
      false,
      `Hello, ${name}`,
      1_000,
    ]);
  });
}

Deno.test("ws calls a server behind npm's 'ws', and ends with its close frame", async () => {
  const tcp = await startServer("tcp://127.0.0.1:0", echo);
  const { hostname, port } = new URL(tcp.address.replace("tcp", "http"));
  const closed = Promise.withResolvers<number>();
  const server = new WebSocketServer({
    ...{ host: "127.0.0.1", port: 0 },
    handleProtocols: (offered: Set<string>) => offered.has(BYTES) && BYTES,
  });
  await new Promise((resolve) => server.on("listening", resolve));
  server.on("connection", async (socket: NpmSocket) => {
    // Forwards the bytes of the protocol both ways, like a proxy.
    const conn = await Deno.connect({ hostname, port: Number(port) });
    socket.on("message", (data: Uint8Array) => {
      socket.ping("still there?");
      if (data.length > 0) conn.write(new Uint8Array(data));
    });
    socket.on("close", (code: number) => {
      conn.close();
      closed.resolve(code);
    });
    const buffer = new Uint8Array(65_536);
    for (;;) {
      const read = await conn.read(buffer).catch(() => null);
      if (read === null) return;
      // Split, so that fragments are read, too.
      for (let at = 0; at < read; at += 1_000) {
        const isLast = at + 1_000 >= read;
        const part = buffer.slice(at, Math.min(read, at + 1_000));
        socket.send(part, { binary: true, fin: isLast });
      }
    }
  });
  const address = `ws://127.0.0.1:${
    (server.address() as { port: number }).port
  }`;
  const client = await openConnection<typeof echo>(address, { transports });
  for (const length of [1, 100, 5_000, 100_000]) {
    const name = "x".repeat(length);
    assertEquals(await client.remote.greet(name), `Hello, ${name}`);
  }
  await client.close();
  assertEquals(await closed.promise, 1_000);
  await new Promise((resolve) => server.close(resolve));
  await tcp.close();
});

testWithPython(
  "the program in Python of the guide calls a service",
  async (python) => {
    const guide = await Deno.readTextFile(`${ROOT}/docs/websocket.md`);
    const [, program = ""] = /```python\n(.*?)```/s.exec(guide) ?? [];
    await using server = await startServer("ws://127.0.0.1:0", echo, {
      transports,
    });
    const { stdout, stderr } = await new Deno.Command(python, {
      args: ["-c", program.replace("ws://127.0.0.1:5555", server.address)],
      stdin: "null",
    }).output();
    const decoder = new TextDecoder();
    assertEquals(
      [decoder.decode(stdout), decoder.decode(stderr)],
      ["Hello, Ada\n", ""],
    );
  },
);
