import { assert, assertEquals, assertFalse } from "@std/assert";
import { join } from "@std/path";
import { print } from "../../../checks/_print.ts";
import { PEERS, subjectNamed } from "../all.ts";
import { answer, type Caller, type Subject } from "../subject.ts";
import { aiomas } from "./aiomas.ts";
import { moleculer } from "./moleculer.ts";

const ECHO_LENGTH = 64 * 1024;

async function assertEcho(
  { payload = "text" }: Subject,
  caller: Caller,
): Promise<void> {
  const text = "ä".repeat(ECHO_LENGTH / 2);
  const sent = payload === "text" ? text : new TextEncoder().encode(text);
  const echoed = await caller.echo!(sent);
  assertEquals(
    typeof echoed === "string"
      ? echoed
      : new TextDecoder().decode(echoed as Uint8Array),
    text,
  );
}

/** Returns an address of a transport; disposal removes its folder. */
function stageOf(transport: "tcp" | "unix"): Disposable & { address: string } {
  if (transport === "tcp") {
    return { address: "tcp://127.0.0.1:0", [Symbol.dispose]: () => {} };
  }
  const folder = Deno.makeTempDirSync({ prefix: "peers-" });
  return {
    address: `ipc://[${join(folder, "peer.sock")}]`,
    [Symbol.dispose]: () => Deno.removeSync(folder, { recursive: true }),
  };
}

/** Peers that are measured only over TCP. */
const TCP_ONLY = [
  "aiomas",
  "capnweb",
  "capnweb-deno",
  "effect",
  "moleculer",
  "nats",
  "orpc",
  "socket-io",
  "trpc",
];
/** Its timers end within a second after it stops, which is in the next test. */
const LEAVES_TIMERS = moleculer;
const peers = [
  ...await Promise.all(
    PEERS.filter((it) => it !== LEAVES_TIMERS.name).map(subjectNamed),
  ),
  LEAVES_TIMERS,
];

/** Names of the peers that cannot run on this machine. */
const missing = new Set<string>();
for (const peer of peers) {
  const reason = await peer.missing?.() ?? null;
  if (reason === null) continue;
  missing.add(peer.name);
  print(`${peer.name} is left out: ${reason}`);
}

/** Tests a peer if the peer and the transport are available. */
function testPeer(
  peer: Subject,
  transport: "tcp" | "unix",
  behaviour: string,
  run: (address: string) => Promise<void>,
): void {
  Deno.test({
    name: `${peer.name} over ${transport} ${behaviour}`,
    ignore: missing.has(peer.name) ||
      transport === "unix" && Deno.build.os === "windows",
    sanitizeOps: peer !== LEAVES_TIMERS,
    sanitizeResources: peer !== LEAVES_TIMERS,
    fn: async () => {
      using stage = stageOf(transport);
      await run(stage.address);
    },
  });
}

testPeer(aiomas, "tcp", "measures calls by itself", async (where) => {
  await using serving = await aiomas.serve(where);
  await using caller = await aiomas.connect(serving.address);
  const { us, eachUs } = await caller.measure!(50, 4);
  assertEquals(eachUs.length, 50);
  assert(us > 0 && eachUs.every((us) => us > 0));
});

for (const peer of peers) {
  for (const transport of ["tcp", "unix"] as const) {
    if (transport === "unix" && TCP_ONLY.includes(peer.name)) continue;
    testPeer(peer, transport, "answers, echoes and streams", async (where) => {
      await using serving = await peer.serve(where);
      await using caller = await peer.connect(serving.address);
      const questions = Array.from(
        { length: 100 },
        (_, n) => ({ name: "Ada", n }),
      );
      assertEquals(
        await Promise.all(questions.map((question) => caller.call(question))),
        questions.map(answer),
      );
      await assertEcho(peer, caller);
      await caller.receive?.(1000);
    });

    testPeer(peer, transport, "ends while a call hangs", async (where) => {
      await using serving = await peer.serve(where);
      await using caller = await peer.connect(serving.address);
      let settled = false;
      const settle = () => settled = true;
      caller.hang!().then(settle, settle);
      await caller.call({ name: "Ada", n: 0 });
      assertFalse(settled);
    });
  }
}
