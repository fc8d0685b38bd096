import { assert, assertEquals, assertRejects } from "@std/assert";
import { actsWithin, NotOfferedError, prepare, run } from "./_workload.ts";
import {
  answer,
  type Caller,
  type Question,
  type Subject,
} from "./subjects/subject.ts";

const close = { [Symbol.asyncDispose]: () => Promise.resolve() };

function subjectOf(caller: Omit<Caller, keyof typeof close>): Subject {
  return {
    name: "fake",
    serve: (address) => Promise.resolve({ address, ...close }),
    connect: () => Promise.resolve({ ...caller, ...close }),
  };
}

async function prepared(
  caller: Omit<Caller, keyof typeof close>,
  workload: Parameters<typeof prepare>[3],
) {
  const subject = subjectOf(caller);
  return await prepare(subject, "", await subject.connect(""), workload);
}

Deno.test("run keeps as many calls under way as it is told, and times each", async () => {
  let open = 0;
  let most = 0;
  const call = async (question: Question) => {
    most = Math.max(most, ++open);
    await Promise.resolve();
    open--;
    return answer(question);
  };
  await using work = await prepared({ call }, { kind: "call", inFlight: 8 });
  const latencies = new Float64Array(100).fill(-1);
  assert(await run(work, 100, latencies) >= 0);
  assertEquals(most, 8);
  assert(latencies.every((ms) => ms >= 0));
  assert(await actsWithin(work, 1) >= 8);
});

Deno.test("run rejects at a wrong answer, and at a short payload", async () => {
  const caller = {
    call: () => Promise.resolve({ greeting: "", n: -1 }),
    echo: () => Promise.resolve("short"),
  };
  await using wrong = await prepared(caller, { kind: "call", inFlight: 1 });
  await assertRejects(() => run(wrong, 1), Error, "was answered with");
  const echo = { kind: "echo", bytes: 10, inFlight: 1 } as const;
  await using short = await prepared(caller, echo);
  await assertRejects(() => run(short, 1), Error, "5 of 10");
});

Deno.test("prepare refuses what a subject does not have", async () => {
  const call = (question: Question) => Promise.resolve(answer(question));
  for (
    const workload of [
      { kind: "echo", bytes: 1, inFlight: 1 },
      { kind: "stream", items: 1 },
    ] as const
  ) {
    await assertRejects(() => prepared({ call }, workload), NotOfferedError);
  }
});

Deno.test("run takes the figures of a client that is elsewhere", async () => {
  const caller = {
    call: (question: Question) => Promise.resolve(answer(question)),
    measure: (calls: number) =>
      Promise.resolve({
        us: 500,
        eachUs: new Array<number>(calls).fill(2_000),
      }),
  };
  await using work = await prepared(caller, { kind: "call", inFlight: 4 });
  const latencies = new Float64Array(4);
  assertEquals(await run(work, 4, latencies), 2);
  assertEquals([...latencies], [2, 2, 2, 2]);
});
