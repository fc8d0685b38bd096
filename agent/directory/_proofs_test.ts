import { assertEquals, assertRejects } from "@std/assert";
import type { LinkLease } from "../links/_links.ts";
import type { Link } from "../links/_link.ts";
import { ServerBusyError } from "../../channel/errors.ts";
import { ValidationError } from "../../rpc/errors.ts";
import type { FullRegistration } from "./_entries.ts";
import { Proofs } from "./_proofs.ts";

const { signal } = new AbortController();
const DIRECTORY = "tcp://127.0.0.1:5555/directory";

function registration(address: string): FullRegistration {
  return { type: "a", address, properties: {}, key: "k".repeat(16) };
}

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

Deno.test("Proofs.check lets one caller have 64 containers dialled at a time", async () => {
  const stuck = Promise.withResolvers<LinkLease>();
  const proofs = new Proofs(() => stuck.promise, DIRECTORY);
  const check = (caller: object, port: number) =>
    proofs.check(registration(`tcp://127.0.0.1:${port}/0`), caller, signal);
  const caller = {};
  const waiting = [];
  for (let port = 1; port <= 64; port++) waiting.push(check(caller, port));
  await assertRejects(() => check(caller, 65), ServerBusyError);
  // More agents of one of them, and others' containers, are no matter.
  waiting.push(check(caller, 64), check({}, 65));
  stuck.resolve(new FakeLease("container"));
  assertEquals((await Promise.all(waiting)).length, 66);
  await check(caller, 65);
});

Deno.test("Proofs.check asks a container once for each two connections", async () => {
  const link = {};
  let leases: FakeLease[] = [];
  let by: "container" | "agent" | null = "container";
  const proofs = new Proofs(() => {
    const lease = new FakeLease(by, link);
    leases.push(lease);
    return Promise.resolve(lease);
  }, DIRECTORY);
  const check = (caller: object) =>
    proofs.check(registration("tcp://127.0.0.1:1/0"), caller, signal);
  const asked = () => leases.reduce((sum, it) => sum + it.asked, 0);
  const [one, two] = [{}, {}];
  await check(one);
  await check(one);
  assertEquals([asked(), leases.every((it) => it.isHeld)], [1, true]);
  // What was proven by one caller says nothing of another one.
  leases = [];
  by = null;
  await assertRejects(() => check(two), ValidationError);
  assertEquals([asked(), leases[0]!.isHeld], [1, false]);
  // An agent speaks for itself alone.
  leases = [];
  by = "agent";
  await check(two);
  await check(two);
  assertEquals(asked(), 2);
});
