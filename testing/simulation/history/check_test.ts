import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  type Random,
  randomInteger,
  seededRandom,
} from "../../network/random.ts";
import { checkLinearizability } from "./check.ts";
import type { HistoryEvent } from "./events.ts";
import { runAtomic } from "./fixtures/atomic.ts";
import { isLinearizable } from "./fixtures/brute_force.ts";
import { eventsOf, type ShortEvent } from "./fixtures/sequences.ts";
import type { Model } from "./model.ts";
import { keyValue, mutex, queue, register } from "./models.ts";

/** A model, and the operations that its clients may call. */
interface Subject {
  readonly model: Model;
  /** The number of operations in a history. */
  readonly operations: number;
  choose(
    random: Random,
  ): { readonly name: string; readonly input: unknown };
}

function pick<T>(random: Random, items: readonly T[]): T {
  return items[randomInteger(random, 0, items.length - 1)]!;
}

const registerSubject: Subject = {
  model: register<number>() as unknown as Model,
  operations: 60,
  choose: (random) => {
    const [value, expected] = [random, random].map((it) =>
      randomInteger(it, 0, 3)
    );
    return pick(random, [
      { name: "read", input: undefined },
      { name: "write", input: value },
      { name: "compareAndSet", input: { expected, value } },
    ]);
  },
};

const keyValueSubject: Subject = {
  model: keyValue<number>() as unknown as Model,
  operations: 60,
  choose: (random) => {
    const key = pick(random, ["x", "y"]);
    const value = randomInteger(random, 0, 3);
    return pick(random, [
      { name: "get", input: { key } },
      { name: "set", input: { key, value } },
      { name: "delete", input: { key } },
      { name: "compareAndSet", input: { key, expected: null, value } },
    ]);
  },
};

const mutexSubject: Subject = {
  model: mutex() as unknown as Model,
  operations: 60,
  choose: (random) => ({
    name: pick(random, ["acquire", "tryAcquire", "release"]),
    input: pick(random, ["a", "b"]),
  }),
};

const queueSubject: Subject = {
  model: queue<number>() as unknown as Model,
  // A lost enqueue may take effect at any time: such searches grow fast.
  operations: 20,
  choose: (random) =>
    random() < 0.5
      ? { name: "enqueue", input: randomInteger(random, 0, 3) }
      : { name: "dequeue", input: undefined },
};

/** A bag returns any of its items, so its model has several outcomes. */
const bagSubject: Subject = {
  model: {
    name: "bag",
    init: () => [],
    step: (state, { name, input }) => {
      const items = state as readonly number[];
      if (name === "put") return [{ state: [...items, input].sort() }];
      return items.map((output, index) => ({
        state: items.toSpliced(index, 1),
        output,
      }));
    },
  },
  operations: 40,
  choose: (random) =>
    random() < 0.6
      ? { name: "put", input: randomInteger(random, 0, 3) }
      : { name: "take", input: undefined },
};

const SUBJECTS = [
  ...[registerSubject, keyValueSubject, mutexSubject, queueSubject, bagSubject],
];

function runSubject(
  { model, choose }: Subject,
  random: Random,
  size: { readonly clients: number; readonly operations: number },
): HistoryEvent[] {
  // Keeps a separate state for each part, as if each were an object.
  const whole: Model<Record<string, unknown>> = {
    name: model.name,
    init: () => ({}),
    step: (state, call) => {
      const part = model.partition?.(call) ?? "";
      return model.step(state[part] ?? model.init(), call).map((outcome) => ({
        ...outcome,
        state: { ...state, [part]: outcome.state },
      }));
    },
  };
  return runAtomic(whole, { random, choose: () => choose(random), ...size });
}

function verdictOf(model: Model, short: readonly ShortEvent[]): string {
  return checkLinearizability(model, eventsOf(short)).result;
}

for (const subject of SUBJECTS) {
  const { name } = subject.model;
  Deno.test(`checkLinearizability accepts what an atomic ${name} has done`, () => {
    for (let seed = 1; seed <= 60; seed++) {
      const { operations } = subject;
      const size = { clients: 2 + seed % 5, operations };
      const events = runSubject(subject, seededRandom(seed), size);
      const { result, explanation } = checkLinearizability(
        subject.model,
        events,
      );
      assertEquals(result, "linearizable", `seed ${seed}: ${explanation}`);
    }
  });

  Deno.test(`checkLinearizability judges a ${name} as trying every order does`, () => {
    const counts = { true: 0, false: 0 };
    for (let seed = 1; seed <= 400; seed++) {
      const random = seededRandom(seed);
      const size = { clients: 3, operations: 6 };
      const events = runSubject(subject, random, size);
      const mutated = mutate(events, random);
      const expected = isPartwiseLinearizable(subject.model, mutated);
      counts[`${expected}`]++;
      const { result } = checkLinearizability(subject.model, mutated);
      assertEquals(
        result,
        expected ? "linearizable" : "not linearizable",
        `seed ${seed}`,
      );
    }
    assert(counts.true > 40 && counts.false > 40, Deno.inspect(counts));
  });
}

/** Changes the output, the time or the client of some operations. */
function mutate(
  events: readonly HistoryEvent[],
  random: Random,
): HistoryEvent[] {
  const changed = [...events];
  for (let round = 0; round < 3; round++) {
    const index = randomInteger(random, 0, changed.length - 1);
    const event = changed[index]!;
    if (event.kind === "return") {
      const output = typeof event.output === "boolean"
        ? !event.output
        : randomInteger(random, 0, 3);
      changed[index] = { ...event, output };
    } else if (event.kind === "invoke" && random() < 0.5) {
      changed[index] = { ...event, client: `c${randomInteger(random, 0, 2)}` };
    } else if (event.kind === "invoke") {
      // Swapping a begin with an earlier return makes the operations
      // concurrent.
      const other = changed[index - 1];
      if (other?.kind !== "return") continue;
      [changed[index - 1], changed[index]] = [event, other];
    }
  }
  return changed.map((event, atMs) => ({ ...event, atMs }));
}

function isPartwiseLinearizable(
  model: Model,
  events: readonly HistoryEvent[],
): boolean {
  const partOf = new Map<number, string>();
  for (const event of events) {
    if (event.kind === "invoke") {
      partOf.set(event.id, model.partition?.(event) ?? "");
    }
  }
  const parts = Map.groupBy(events, ({ id }) => partOf.get(id));
  return parts.values().every((part) => isLinearizable(model, part));
}

Deno.test("checkLinearizability refuses a read of what was never written", () => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = seededRandom(seed);
    const size = { clients: 4, operations: 60 };
    const events = runSubject(registerSubject, random, size);
    const reads = new Set(
      events.flatMap((it) =>
        it.kind === "invoke" && it.name === "read" ? [it.id] : []
      ),
    );
    const returns = events.filter((it) =>
      it.kind === "return" && reads.has(it.id)
    );
    const wrong = pick(random, returns);
    const mutated = events.map((it) =>
      it === wrong ? { ...wrong, output: 99 } as HistoryEvent : it
    );
    const verdict = checkLinearizability(registerSubject.model, mutated);
    assertEquals(verdict.result, "not linearizable", `seed ${seed}`);
    assert(
      verdict.atMs! <= wrong.atMs,
      "the history is cut after its first fault",
    );
  }
});

Deno.test("checkLinearizability cuts a history at the first return that makes it wrong", () => {
  const subjects = [registerSubject, mutexSubject, queueSubject];
  for (const subject of subjects) {
    for (let seed = 1; seed <= 200; seed++) {
      const random = seededRandom(seed);
      const size = { clients: 3, operations: 6 };
      const events = mutate(runSubject(subject, random, size), random);
      const { atMs } = checkLinearizability(subject.model, events);
      const prefix = events.findIndex((_, index) =>
        !isPartwiseLinearizable(subject.model, events.slice(0, index + 1))
      );
      const expected = prefix === -1 ? null : events[prefix]!.atMs;
      assertEquals(atMs, expected, `${subject.model.name}, seed ${seed}`);
    }
  }
});

Deno.test("checkLinearizability says unknown when its steps are used up", () => {
  const events = runSubject(registerSubject, seededRandom(1), {
    clients: 4,
    operations: 60,
  });
  const verdict = checkLinearizability(registerSubject.model, events, {
    maxSteps: 10,
  });
  assertEquals(verdict.result, "unknown");
  assertEquals(verdict.steps, 10);
  assertStringIncludes(verdict.explanation, "raise 'maxSteps'");
});

Deno.test("checkLinearizability finds a wrong key beside one it cannot decide", () => {
  const hard: ShortEvent[] = [];
  for (let client = 0; client < 12; client++) {
    hard.push([`h${client}`, "set", { key: "hard", value: client }]);
  }
  hard.push(["r", "get", { key: "hard" }], ["r", 99]);
  const wrong: ShortEvent[] = [
    ...[["a", "get", { key: "x" }], ["a", 1]] as const,
  ];
  const model = keyValueSubject.model;
  const options = { maxSteps: 100 };
  const both = checkLinearizability(
    model,
    eventsOf([...hard, ...wrong]),
    options,
  );
  assertEquals(both.result, "not linearizable");
  assertStringIncludes(both.explanation, `of "x"`);
});

Deno.test("checkLinearizability lets an operation without an end take effect late, or never", () => {
  const { model } = registerSubject;
  const lost: ShortEvent[] = [["a", "write", 1]];
  const read = (output: number | null): ShortEvent[] => [
    ["b", "read", undefined],
    ["b", output],
  ];
  assertEquals(verdictOf(model, [...lost, ...read(null)]), "linearizable");
  assertEquals(
    verdictOf(model, [...lost, ...read(null), ...read(1)]),
    "linearizable",
  );
  assertEquals(
    verdictOf(model, [...lost, ...read(1), ...read(null)]),
    "not linearizable",
  );
});

Deno.test("checkLinearizability takes null and undefined for the same", () => {
  const events: ShortEvent[] = [["a", "read", undefined], ["a", undefined]];
  assertEquals(verdictOf(registerSubject.model, events), "linearizable");
});

Deno.test("checkLinearizability explains a bad history", () => {
  const { result, explanation, atMs } = checkLinearizability(
    mutex(),
    eventsOf([
      ["ada", "acquire", undefined],
      ["ada", undefined],
      ["bob", "acquire", undefined],
      ["eve", "tryAcquire", undefined],
      ["eve", false],
      ["bob", undefined],
      ["ada", "release", undefined],
    ]),
  );
  assertEquals(result, "not linearizable");
  assertEquals(atMs, 5_000);
  assertEquals(
    explanation,
    `
Not linearizable: acquire() by bob, returned at 5.000 s, fits no order of the operations
History of the mutex until then:
  0.000 s – 1.000 s ada acquire()
✗ 2.000 s – 5.000 s bob acquire()
  3.000 s – 4.000 s eve tryAcquire() → false
After ada acquire(), eve tryAcquire(), in the state "ada", acquire() is not possible
`.trim(),
  );
});
