import { assert, assertEquals } from "@std/assert";
import { observe, observed, type Observer } from "./_observers.ts";

function logger(log: string[], name: string): Observer {
  return {
    opened: (_, kind, describe) => log.push(`${name} ${kind} ${describe()}`),
    owned: () => log.push(`${name} owned`),
    handed: () => log.push(`${name} handed`),
    closed: () => log.push(`${name} closed`),
    event: ({ type }) => log.push(`${name} event ${type}`),
  };
}

function notifyAll(): void {
  const resource = {};
  observed.by?.opened(resource, "timer", () => "short");
  observed.by?.owned(resource, {});
  observed.by?.handed({}, resource);
  observed.by?.event({ type: "test" });
  observed.by?.closed(resource);
}

const ALL = ["timer short", "owned", "handed", "event test", "closed"];

Deno.test("observed.by is null while nobody observes", () => {
  assertEquals(observed.by, null);
  const stop = observe({});
  assert(observed.by !== null);
  stop();
  assertEquals(observed.by, null);
});

Deno.test("observe notifies observers side by side, in their order", () => {
  const log: string[] = [];
  const stops = ["a", "b"].map((name) => observe(logger(log, name)));
  notifyAll();
  for (const stop of stops) stop();
  notifyAll();
  assertEquals(log, ALL.flatMap((it) => [`a ${it}`, `b ${it}`]));
});

Deno.test("observe takes an observer with some of the methods", () => {
  const log: string[] = [];
  const stop = observe({ closed: () => log.push("closed") });
  notifyAll();
  stop();
  assertEquals(log, ["closed"]);
});

Deno.test("observe returns a function that removes one entry, once", () => {
  const log: string[] = [];
  const observer = logger(log, "a");
  const first = observe(observer);
  const second = observe(observer);
  first();
  first();
  observed.by?.closed({});
  assertEquals(log, ["a closed"]);
  second();
  assertEquals(observed.by, null);
});

Deno.test("an observer may remove itself while it is notified", () => {
  const log: string[] = [];
  const stop: () => void = observe({
    closed: () => {
      log.push("leaves");
      stop();
    },
  });
  const stopOther = observe(logger(log, "stays"));
  observed.by?.closed({});
  observed.by?.closed({});
  stopOther();
  assertEquals(log, ["leaves", "stays closed", "stays closed"]);
});
