import { assertEquals } from "@std/assert";
import { EventQueue } from "./_event_queue.ts";
import { randomInteger, seededRandom } from "../network/random.ts";

Deno.test("EventQueue - gives events by time, rank and number", () => {
  const random = seededRandom(1);
  const queue = new EventQueue();
  const events = Array.from({ length: 500 }, (_, number) => ({
    at: randomInteger(random, 0, 20),
    rank: randomInteger(random, 0, 3),
    number,
    isStopped: random() < 0.2,
  }));
  for (const event of events) queue.push(event);
  const taken = [];
  for (let it = queue.pop(); it !== undefined; it = queue.pop()) taken.push(it);
  assertEquals(
    taken,
    events.filter(({ isStopped }) => !isStopped).toSorted((a, b) =>
      a.at - b.at || a.rank - b.rank || a.number - b.number
    ),
  );
});
