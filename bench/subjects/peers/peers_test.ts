import { assertEquals, assertFalse } from "@std/assert";
import { print } from "../../_print.ts";
import { answer } from "../subject.ts";
import type { Peer, PeerCaller } from "./_peer.ts";
import { PEERS } from "./all.ts";

const ECHO_LENGTH = 64 * 1024;

async function assertEcho(
  { payload = "text" }: Peer,
  caller: PeerCaller,
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

for (const peer of PEERS) {
  Deno.test(`${peer.name} answers, echoes, streams and ends`, async () => {
    const reason = await peer.missing?.() ?? null;
    if (reason !== null) return print(`${peer.name} is left out: ${reason}`);
    await using serving = await peer.serve("tcp://127.0.0.1:0");
    await using caller = await peer.connect(serving.address);
    const questions = Array.from(
      { length: 100 },
      (_, n) => ({ name: "Ada", n }),
    );
    assertEquals(
      await Promise.all(questions.map((question) => caller.call(question))),
      questions.map(answer),
    );
    if (caller.echo) await assertEcho(peer, caller);
    if (caller.receive) await caller.receive(1000);
  });
}

for (const peer of PEERS) {
  Deno.test(`${peer.name} leaves what hangs to its end`, async () => {
    const reason = await peer.missing?.() ?? null;
    if (reason !== null) return print(`${peer.name} is left out: ${reason}`);
    let settled = false;
    const serving = await peer.serve("tcp://127.0.0.1:0");
    {
      await using caller = await peer.connect(serving.address);
      const settle = () => settled = true;
      caller.hang!().then(settle, settle);
      await caller.call({ name: "Ada", n: 0 });
      assertFalse(settled);
    }
    await serving[Symbol.asyncDispose]();
  });
}
