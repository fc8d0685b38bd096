import { assertEquals, assertRejects } from "@std/assert";
import { nextTurn } from "../../testing/fixtures/next_turn.ts";
import type { LinkLease } from "../links/_links.ts";
import type { Link } from "../links/_link.ts";
import { ValidationError } from "../../rpc/errors.ts";
import { Proofs } from "./_proofs.ts";

const { signal } = new AbortController();
const DIRECTORY = "tcp://127.0.0.1:5555/directory";

const KEY = "k".repeat(16);

/** A lease that counts, on a link that confirms so. */
class FakeLease implements LinkLease {
  readonly link: Link;
  isHeld = true;
  asked = 0;

  constructor(by: "container" | "agent" | null, link: object = {}) {
    this.link = Object.assign(link, {
      confirms: () => {
        this.asked++;
        return Promise.resolve(by);
      },
    }) as unknown as Link;
  }

  ask<T>(ask: (link: Link) => Promise<T>): Promise<T> {
    return ask(this.link);
  }

  [Symbol.dispose](): void {
    this.isHeld = false;
  }
}

const own = (port: number) => `tcp://127.0.0.1:${port}/0`;

Deno.test("Proofs.check dials for one caller one after the other", async () => {
  const stuck = Promise.withResolvers<LinkLease>();
  const dialled: string[] = [];
  const proofs = new Proofs((container) => {
    dialled.push(container);
    return stuck.promise;
  }, DIRECTORY);
  const caller = {};
  const waiting = [1, 2, 3].map((port) =>
    proofs.check(own(port), KEY, caller, signal)
  );
  // Other callers do not wait for that.
  waiting.push(proofs.check(own(4), KEY, {}, signal));
  await nextTurn();
  assertEquals(dialled, ["tcp://127.0.0.1:1", "tcp://127.0.0.1:4"]);
  stuck.resolve(new FakeLease("container"));
  await Promise.all(waiting);
  assertEquals(dialled.length, 4);
});

Deno.test("Proofs.check does not dial for a caller that has given up", async () => {
  const lease = new FakeLease("container");
  let dials = 0;
  const proofs = new Proofs(() => {
    dials++;
    return Promise.resolve(lease);
  }, DIRECTORY);
  const end = new AbortController();
  const caller = {};
  const first = proofs.check(own(1), KEY, caller, signal);
  const second = proofs.check(own(2), KEY, caller, end.signal);
  end.abort(new RangeError("over"));
  await first;
  await assertRejects(() => second, RangeError, "over");
  assertEquals(dials, 1);
});

Deno.test("Proofs.check asks a container once for each connection", async () => {
  let leases: FakeLease[] = [];
  let by: "container" | "agent" | null = "container";
  const proofs = new Proofs(() => {
    const lease = new FakeLease(by);
    leases.push(lease);
    return Promise.resolve(lease);
  }, DIRECTORY);
  const check = (caller: object, port = 1) =>
    proofs.check(own(port), KEY, caller, signal);
  const asked = () => leases.reduce((sum, it) => sum + it.asked, 0);
  const [one, two] = [{}, {}];
  await check(one);
  await check(one);
  assertEquals([asked(), leases.some((it) => it.isHeld)], [1, false]);
  // What was proven by one caller, or for one address, says nothing of others.
  leases = [];
  by = null;
  await assertRejects(() => check(two), ValidationError);
  await assertRejects(() => check(one, 2), ValidationError);
  assertEquals([asked(), leases.some((it) => it.isHeld)], [2, false]);
  // An agent speaks for itself alone.
  leases = [];
  by = "agent";
  await check(two);
  await check(two);
  assertEquals(asked(), 2);
});
