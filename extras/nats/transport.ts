import { ConnectError } from "../../transports/errors.ts";
import { world } from "../../transports/internal.ts";
import type {
  Connection,
  Listener,
  Transport,
  TransportConnectOptions,
  TransportListenOptions,
} from "../../transports/transport.ts";
import { isInbox } from "./_link.ts";
import { NatsListener } from "./_listener.ts";
import {
  encodeHello,
  encodeShort,
  ID_LENGTH,
  isShort,
  KIND,
} from "./_messages.ts";
import { openStream, receiverFor } from "./_open_stream.ts";
import type { NatsTransportOptions } from "./options.ts";
import {
  formatPlace,
  type NatsPlace,
  parsePlace,
  subjectOf,
} from "./_place.ts";
import { type HeldLink, LinkPool } from "./_pool.ts";
import { remind } from "./_repeat.ts";
import type { NatsStream } from "./_stream.ts";

/**
 * Returns a transport through NATS servers, version 2.2 or later, with
 * addresses `nats://host:port/name`. A denomas server listens at a name, and
 * its clients need to reach only the NATS server. Without a name, a listener
 * gets a unique one; without a port, it is 4222.
 *
 * Its guarantees are those of TCP: bytes arrive in order and once, a writer
 * waits for a reader that is 256 KiB behind, and a lost message ends its
 * connection. A connection also ends with an error when the connection to the
 * NATS server is lost, and within `probeMs` after the peer's process has died.
 * Once the NATS server is available again, a listener resumes by itself, and
 * reports the outage to `onError`; connections are not restored.
 *
 * All listeners and connections of a transport to the same NATS server share
 * one connection to it, which closes with the last of them. Needs
 * `--allow-net`.
 *
 * @throws {TypeError} If `inboxPrefix` does not begin with `_INBOX`.
 */
export function natsTransport(options: NatsTransportOptions = {}): Transport {
  const { inboxPrefix } = options.connection ?? {};
  if (inboxPrefix !== undefined && !isInbox(`${inboxPrefix}.x`)) {
    throw new TypeError(
      `Cannot use 'inboxPrefix': it is '${inboxPrefix}', and must begin with '_INBOX'`,
    );
  }
  const pool = new LinkPool(options);
  return {
    scheme: "nats",
    listen: (...args) => listen(pool, ...args),
    connect: (...args) => connect(pool, ...args),
  };
}

/** How long a listener may take to answer. */
const ANSWER_LIMIT_MS = 5_000;

async function listen(
  pool: LinkPool,
  address: string,
  accept: (connection: Connection) => void,
  { onError }: TransportListenOptions = {},
): Promise<Listener> {
  const place = parsePlace(address);
  const name = place.name || shortId();
  return await NatsListener.start({ ...place, name }, {
    pool,
    accept,
    onError,
  });
}

async function connect(
  pool: LinkPool,
  address: string,
  { signal }: TransportConnectOptions = {},
): Promise<Connection> {
  const place = parsePlace(address);
  if (place.name === "") {
    throw new TypeError(
      `Cannot connect to '${address}': it has no name, use the 'address' of the server`,
    );
  }
  signal?.throwIfAborted();
  const limit = new AbortController();
  const giveUp = () => limit.abort(signal?.reason);
  signal?.addEventListener("abort", giveUp, { once: true });
  try {
    const held = await acquire(pool, place.server, limit.signal);
    return await ask(held, place, limit.signal);
  } catch (cause) {
    signal?.throwIfAborted();
    const { message } = cause as Error;
    throw new ConnectError(`Cannot connect to '${address}': ${message}`, {
      address,
      cause,
    });
  } finally {
    signal?.removeEventListener("abort", giveUp);
  }
}

/**
 * Resolves to a link. A link that opens after `signal` has aborted is released.
 */
function acquire(
  pool: LinkPool,
  server: string,
  signal: AbortSignal,
): Promise<HeldLink> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), {
      once: true,
    });
    pool.acquire(server).then((held) => {
      if (signal.aborted) held.hold.release();
      else resolve(held);
    }, reject);
  });
}

/** Requests a connection from the listener at `place`. */
function ask(
  held: HeldLink,
  place: NatsPlace,
  signal: AbortSignal,
): Promise<Connection> {
  const { link, hold } = held;
  const address = formatPlace(place);
  const id = shortId();
  const inbox = link.inbox();
  return new Promise((resolve, reject) => {
    let stream: NatsStream | null = null;
    const onMessage = receiverFor(() => stream!);
    const fail = (error: unknown) => {
      timer.stop();
      unsubscribe();
      hold.release();
      reject(error);
    };
    const subject = subjectOf(place);
    const publish = link.publisher(subject, inbox);
    const timer = remind(ANSWER_LIMIT_MS, {
      // A probe: its answer does not open a connection, only that to the hello
      // does.
      again: () => publish(encodeShort(KIND.probe)),
      late: () =>
        fail(
          new Error(`its server has not answered within ${ANSWER_LIMIT_MS} ms`),
        ),
    });
    const unsubscribe = link.subscribe({ subject: inbox, writesTo: subject }, {
      message(data, sender) {
        if (stream !== null) return onMessage.message(data, sender);
        const peer = new TextDecoder().decode(sender);
        // Ignore messages of strangers: so far, only the server knows this
        // inbox.
        if (!isShort(data, KIND.accept) || !isInbox(peer)) return;
        timer.stop();
        stream = openStream(held, { inbox, peer, unsubscribe });
        resolve({
          stream,
          localAddress: `${address}#${id}`,
          remoteAddress: address,
        });
      },
      nobody() {
        if (stream !== null) return onMessage.nobody();
        fail(new Error("nobody listens there, start the server first"));
      },
      end(error) {
        if (stream !== null) return onMessage.end(error);
        fail(error);
      },
    });
    signal.addEventListener("abort", () => {
      if (stream === null) fail(signal.reason);
    }, { once: true });
    publish(encodeHello(id));
  });
}

function shortId(): string {
  return world.uuid().replaceAll("-", "").slice(0, ID_LENGTH);
}
