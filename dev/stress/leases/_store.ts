import { DeliverPolicy, jetstream } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import type { Engine } from "../../../agent/cluster/engine.ts";
import { containerEngine } from "../../../agent/cluster/container_engine.ts";
import { natsEngine } from "../../../extras/nats/engine.ts";
import {
  natsProgram,
  NatsServer,
} from "../../../extras/nats/fixtures/server.ts";
import { denoCommand, PeerProcess } from "../../shared/peer_process.ts";

/** How to reach the engine of a run, as plain data for its processes. */
export interface EnginePlace {
  readonly kind: "container" | "nats";
  readonly address: string;
}

/** A write by the holder of a lease. */
export interface Write {
  /** The epoch of the writer's lease; later leases have greater epochs. */
  readonly epoch: number;
  /** The name of the writer. */
  readonly writer: string;
}

/** A store that records the history of each key. */
export interface Store extends AsyncDisposable {
  readonly place: EnginePlace;
  /** Resolves to all writes of a key, in the order they took effect. */
  history(key: string): Promise<Write[]>;
}

/** The bucket of the writes, which keeps all writes of each key. */
const HISTORY_BUCKET = "history";

/** Opens the engines of the leases and of their holders' writes. */
export async function openEngines(
  { kind, address }: EnginePlace,
): Promise<[leases: Engine, state: Engine]> {
  const timeoutMs = 2_000;
  if (kind === "container") {
    const engine = await containerEngine(address, { timeoutMs });
    return [engine, engine];
  }
  return [
    await natsEngine(address, { timeoutMs }),
    await natsEngine(address, { timeoutMs, bucket: HISTORY_BUCKET }),
  ];
}

/** Starts a container in a separate process that prints the writes. */
export async function startContainerStore(): Promise<Store> {
  const history = new Map<string, Write[]>();
  const onLine = (line: string) => {
    const { key, ...write } = JSON.parse(line);
    const writes = history.get(key) ?? [];
    history.set(key, writes);
    writes.push(write);
  };
  const program = new URL("./peers/holder.ts", import.meta.url);
  const holder = new PeerProcess(denoCommand(program), { onLine });
  return {
    place: { kind: "container", address: await holder.first },
    history: (key) => Promise.resolve(history.get(key) ?? []),
    [Symbol.asyncDispose]: () => holder[Symbol.asyncDispose](),
  };
}

/** Starts a NATS server with a bucket that keeps all writes. */
export async function startNatsStore(): Promise<Store> {
  const program = natsProgram(2, 11);
  if (program === undefined) {
    throw new Error("Cannot start: there is no 'nats-server' of 2.11 or later");
  }
  const server = await NatsServer.start({ program });
  await using nc = await connectTo(server);
  const jsm = await jetstream(nc.connection).jetstreamManager(false);
  await jsm.streams.add({
    name: `KV_${HISTORY_BUCKET}`,
    subjects: [`$KV.${HISTORY_BUCKET}.>`],
    max_msgs_per_subject: -1,
    allow_rollup_hdrs: true,
    allow_msg_ttl: true,
    subject_delete_marker_ttl: 3_600e9,
  });
  return {
    place: { kind: "nats", address: server.url },
    history: (key) => readHistory(server, key),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function connectTo(server: NatsServer) {
  const connection = await connect({ servers: server.url.slice(7) });
  return {
    connection,
    [Symbol.asyncDispose]: () => connection.close(),
  };
}

/** Reads the messages that the server has stored on disk. */
async function readHistory(server: NatsServer, key: string): Promise<Write[]> {
  await using nc = await connectTo(server);
  const js = jetstream(nc.connection);
  const consumer = await js.consumers.getPushConsumer(
    `KV_${HISTORY_BUCKET}`,
    {
      filter_subjects: `$KV.${HISTORY_BUCKET}.${key}`,
      deliver_policy: DeliverPolicy.All,
    },
  );
  const { num_pending } = await consumer.info(true);
  const writes: Write[] = [];
  if (num_pending === 0) return writes;
  const messages = await consumer.consume();
  for await (const message of messages) {
    writes.push(message.json<Write>());
    if (writes.length === num_pending) break;
  }
  return writes;
}
