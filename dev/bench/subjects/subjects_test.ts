import { assertEquals, assertRejects } from "@std/assert";
import { subjectNamed } from "./all.ts";
import type { Answer } from "./subject.ts";

const NAMES = ["channel", "rpc", "agent"].flatMap((layer) => [
  layer,
  `${layer}-msgpack`,
]);

/** Tests the parts of the contract that a subject supports. */
async function tryOut(name: string, address: string): Promise<void> {
  const subject = await subjectNamed(name);
  const serving = await subject.serve(address);
  try {
    await using caller = await subject.connect(serving.address);
    const question = { name: "Ada", n: 3 };
    const { n } = await caller.call(question) as Answer;
    assertEquals(n, 3);
    const text = "ä".repeat(300_000);
    const payload = subject.payload === "bytes"
      ? new TextEncoder().encode(text)
      : text;
    if (caller.echo) assertEquals(await caller.echo(payload), payload);
    await caller.receive?.(100);
    if (caller.hang) {
      const hanging = assertRejects(() => caller.hang!());
      await caller.call(question);
      await serving[Symbol.asyncDispose]();
      await hanging;
    }
  } finally {
    await serving[Symbol.asyncDispose]();
  }
}

for (
  const name of [
    "raw",
    "bare",
    "bare-rpc",
    "rpc-msgpack-fast-borrowed",
    ...NAMES,
  ]
) {
  Deno.test(`subject '${name}' answers, echoes, streams and sees the end`, async () => {
    await tryOut(name, "tcp://127.0.0.1:0");
  });
}

for (const name of ["codec", "codec-msgpack", ...NAMES]) {
  Deno.test(`subject '${name}' works in memory`, async () => {
    await tryOut(name, `local://${crypto.randomUUID()}`);
  });
}

Deno.test("subjectNamed refuses a name that it does not know", async () => {
  await assertRejects(() => subjectNamed("rpc-xml"), TypeError, "'rpc-xml'");
});
