import { assertEquals, assertRejects } from "@std/assert";
import { FakeTime } from "../../testing/fixtures/fake_time.ts";
import { nextTurn } from "../../testing/fixtures/next_turn.ts";
import { DenomasError } from "../../transports/errors.ts";
import type { ContainerTraffic, Party, PartyReport } from "./_party.ts";
import { Run } from "./_run.ts";

/**
 * A remote party with these due times, which logs the requests that it gets.
 */
class FakeParty implements Party {
  time = 0;
  readonly isRemote = true;
  readonly asked: string[] = [];
  readonly parent?: () => ContainerTraffic;
  containers: ContainerTraffic[] = [];
  readonly #dues: number[];

  constructor(dues: number[], parent?: () => ContainerTraffic) {
    this.#dues = dues;
    if (parent !== undefined) this.parent = parent;
  }

  get nextDue(): number | null {
    return this.#dues[0] ?? null;
  }

  begin() {}
  end() {}

  setTime(time: number) {
    this.time = time;
    this.asked.push(`set ${time}`);
  }

  async settle(): Promise<PartyReport> {
    await nextTurn();
    while (this.#dues[0] !== undefined && this.#dues[0] <= this.time) {
      this.asked.push(`wakes ${this.#dues.shift()}`);
    }
    this.asked.push("settles");
    const { containers, nextDue, time } = this;
    return { time, nextDue, opening: 0, containers };
  }
}

function traffic(
  id: string,
  counts: { sent?: number; received?: number },
  to: string | null,
): ContainerTraffic {
  const link = { name: "a/1", to, sent: 0, received: 0, ...counts };
  return { id, address: `at ${id}`, links: [link], pending: 0 };
}

Deno.test("Run sets all clocks before it wakes anything, and asks only those that are due", async () => {
  const parties = [
    new FakeParty([1, 3]),
    new FakeParty([2]),
    new FakeParty([]),
  ];
  const run = new Run(parties, {});
  await run.settle();
  await run.advance(5);
  assertEquals(parties.map(({ asked }) => asked.join(", ")), [
    "settles, set 1, wakes 1, settles, set 2, set 3, wakes 3, settles, set 5",
    "settles, set 1, set 2, wakes 2, settles, set 3, set 5",
    "settles, set 1, set 2, set 3, set 5",
  ]);
});

Deno.test("Run asks all again while a message is under way, and gives up in the end", async () => {
  const [a, b] = [new FakeParty([]), new FakeParty([])];
  a.containers = [traffic("a", { sent: 2 }, "at b")];
  b.containers = [traffic("b", { received: 1 }, null)];
  const settling = new Run([a, b], {}).settle();
  while (b.asked.length < 3) {
    await nextTurn();
  }
  b.containers = [traffic("b", { received: 2 }, null)];
  await settling;

  using time = new FakeTime();
  b.containers = [traffic("b", { received: 1 }, null)];
  let isOver = false;
  const stalled = assertRejects(
    () => new Run([a, b], {}).settle().finally(() => isOver = true),
    DenomasError,
    "messages to or from 'at b' have been under way for 5000 ms",
  );
  while (!isOver) await time.pass(100);
  await stalled;
});

Deno.test("Run waits for messages of a parent that does not take part", async () => {
  let received = 0;
  const parent = () => traffic("a", { sent: 1 }, "at b");
  const party = new FakeParty([], parent);
  party.containers = [traffic("b", { received }, null)];
  let isOver = false;
  const settling = new Run([party], {}).settle().finally(() => isOver = true);
  while (party.asked.length < 3) {
    await nextTurn();
  }
  assertEquals(isOver, false);
  received = 1;
  party.containers = [traffic("b", { received }, null)];
  await settling;
});
