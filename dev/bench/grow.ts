/**
 * Has more and more of something, in a process of its own: `grow.ts SUBJECT`.
 * Makes it, and measures what calls cost meanwhile, as it is told on its
 * standard input until that ends.
 *
 * @module
 */
import { Agent, Container } from "@denomas/denomas/agent";
import { expose, type Remote } from "@denomas/denomas/rpc";
import { settledBytes } from "../shared/heap.ts";
import { announce, answerCommands } from "./_commands.ts";
import { subjectNamed } from "./subjects/all.ts";
import type { Caller } from "./subjects/subject.ts";

/** What there is more and more of. */
export type Growing = "connections" | "agents" | "pending";

/** Makes `count` of them in all, and measures. */
export interface GrowCommand {
  readonly what: Growing;
  readonly count: number;
  /** A server of the subject. */
  readonly address: string;
  /** How often, and how long, to make calls. */
  readonly runs: number;
  readonly runMs: number;
}

/** What it came to. */
export interface Grown {
  /** Calls a second, 64 in flight, in turns to all there are; by run. */
  readonly rates: readonly number[];
  /** Of this process, on the heap and outside of it. */
  readonly bytes: number;
}

const IN_FLIGHT = 64;
const QUESTION = { name: "Ada", n: 0 };
/** How many connections are under way at a time. */
const DIALS = 64;

class Idle extends Agent {
  @expose
  ping(): number {
    return 1;
  }
}

const subject = await subjectNamed(Deno.args[0]!);
await using stack = new AsyncDisposableStack();
const callers: Caller[] = [];
const agents: Remote<Idle>[] = [];
let pending = 0;

// The calls end with their connection; to listen to each would take memory.
addEventListener("unhandledrejection", (event) => event.preventDefault());

async function connect(count: number, address: string): Promise<void> {
  while (callers.length < count) {
    const more = Math.min(DIALS, count - callers.length);
    callers.push(
      ...await Promise.all(
        Array.from({ length: more }, () => subject.connect(address)),
      ),
    );
  }
}

const home = await Container.create("local://growth");
const visitor = await Container.create("local://growth-visitor");

async function spawn(count: number): Promise<void> {
  while (agents.length < count) {
    const { address } = await home.spawn(Idle);
    agents.push(await visitor.connect<Idle>(address));
  }
}

async function hang(count: number, address: string): Promise<void> {
  await connect(1, address);
  for (; pending < count; pending++) callers[0]!.hang!();
  // Once this is answered, those before are with the server.
  await callers[0]!.call(QUESTION);
}

/** Calls one after another of what there is. */
async function rateOf(
  call: (index: number) => Promise<unknown>,
  runMs: number,
): Promise<number> {
  const startedAt = performance.now();
  let next = 0;
  await Promise.all(Array.from({ length: IN_FLIGHT }, async () => {
    while (performance.now() - startedAt < runMs) await call(next++);
  }));
  return next / (performance.now() - startedAt) * 1_000;
}

async function grow(
  { what, count, address, runs, runMs }: GrowCommand,
): Promise<Grown> {
  if (what === "connections") await connect(count, address);
  else if (what === "agents") await spawn(count);
  else await hang(count, address);
  const call = what === "agents"
    ? (index: number) => agents[index % agents.length]!.ping()
    : (index: number) => callers[index % callers.length]!.call(QUESTION);
  // The first calls find the engine cold.
  await rateOf(call, runMs);
  const rates: number[] = [];
  while (rates.length < runs) rates.push(await rateOf(call, runMs));
  return { rates, bytes: await settledBytes() };
}

stack.defer(() => home.close());
stack.defer(() => visitor.close());
stack.defer(async () => {
  await Promise.all(callers.map((caller) => caller[Symbol.asyncDispose]()));
});
if (await announce(settledBytes)) {
  await answerCommands((command) => grow(command as GrowCommand));
}
