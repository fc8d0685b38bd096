/**
 * Measures the memory of idle connections, idle agents and pending calls, in a
 * separate process that can collect garbage.
 *
 * @module
 */
import { Agent, Container } from "@denomas/denomas/agent";
import * as channel from "@denomas/denomas/channel";
import * as rpc from "@denomas/denomas/rpc";
import { settledBytes } from "../shared/heap.ts";
import { answerRequests } from "../shared/peer_process.ts";
import { rpcs } from "./subjects/rpc.ts";
import { channels } from "./subjects/channel.ts";
import type { Subject } from "./subjects/subject.ts";

/** The addresses of servers of the subjects `channel` and `rpc`. */
export interface MemoryArguments {
  readonly channel: string;
  readonly rpc: string;
}

/** Bytes per object of each kind, by round. */
export interface MemoryFigures {
  /** One end of a connection of Deno. */
  readonly conn: number[];
  /** One end of an idle connection. */
  readonly channelEnd: number[];
  readonly rpcEnd: number[];
  readonly agent: number[];
  /** A pending call, including the caller's promise. */
  readonly channelCall: number[];
  readonly rpcCall: number[];
}

const ROUNDS = 5;
const CONNECTIONS = 500;
const AGENTS = 20_000;
const CALLS = 20_000;
const ANYWHERE = "tcp://127.0.0.1:0";

/** Returns the bytes per object of `count` objects while they exist. */
async function bytesEach(
  count: number,
  make: () => Promise<unknown>,
): Promise<number> {
  const before = await settledBytes();
  const made = await make();
  const bytes = await settledBytes() - before;
  // Keeps the objects alive until here.
  if (made === undefined) throw new Error("There is nothing to measure");
  return bytes / count;
}

async function conns(): Promise<number> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr as Deno.NetAddr;
  const made: Deno.Conn[] = [];
  const bytes = await bytesEach(2 * CONNECTIONS, async () => {
    while (made.length < 2 * CONNECTIONS) {
      const [near, far] = await Promise.all([
        Deno.connect({ hostname, port }),
        listener.accept(),
      ]);
      made.push(near, far);
    }
    return made;
  });
  for (const conn of made) conn.close();
  return bytes;
}

/** Measures connections with both ends in this process. */
async function ends(
  open: (address: string) => Promise<AsyncDisposable>,
  server: { readonly address: string },
): Promise<number> {
  const made: AsyncDisposable[] = [];
  const bytes = await bytesEach(2 * CONNECTIONS, async () => {
    while (made.length < CONNECTIONS) made.push(await open(server.address));
    return made;
  });
  await Promise.all(made.map((it) => it[Symbol.asyncDispose]()));
  return bytes;
}

async function channelEnds(): Promise<number> {
  await using server = await channel.startServer(ANYWHERE, async (it) => {
    for await (const request of it) request.reply(null);
  });
  return await ends(channel.openConnection, server);
}

async function rpcEnds(): Promise<number> {
  const greeter = rpc.service({ greet: () => "hi" });
  await using server = await rpc.startServer(ANYWHERE, greeter);
  return await ends((address) => rpc.openConnection(address), server);
}

class Idle extends Agent {}

async function agents(): Promise<number> {
  await using container = await Container.create("local://memory");
  return await bytesEach(AGENTS, async () => {
    const made = new Array<unknown>(AGENTS);
    for (let index = 0; index < AGENTS; index++) {
      made[index] = await container.spawn(Idle);
    }
    return made;
  });
}

async function pending(subject: Subject, address: string): Promise<number> {
  await using caller = await subject.connect(address);
  return await bytesEach(CALLS, async () => {
    const calls = Array.from({ length: CALLS }, () => caller.hang!());
    // The answer shows that the calls before it were sent.
    await caller.call({ name: "Ada", n: 0 });
    return calls;
  });
}

/**
 * Measures in rounds. The first one does not count, since it creates objects
 * that stay.
 */
async function rounds(measure: () => Promise<number>): Promise<number[]> {
  await measure();
  const figures: number[] = [];
  while (figures.length < ROUNDS) figures.push(await measure());
  return figures;
}

// Pending calls reject with their connection. A handler per call would use
// memory.
addEventListener("unhandledrejection", (event) => event.preventDefault());

await answerRequests({
  measure: async (addresses: MemoryArguments): Promise<MemoryFigures> => ({
    conn: await rounds(conns),
    channelEnd: await rounds(channelEnds),
    rpcEnd: await rounds(rpcEnds),
    agent: await rounds(agents),
    channelCall: await rounds(() => pending(channels[0]!, addresses.channel)),
    rpcCall: await rounds(() => pending(rpcs[0]!, addresses.rpc)),
  }),
});
