/**
 * The calls that are made when frames are recorded, and again on replay.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import { Container } from "../../agent/container.ts";
import { RemoteError } from "../../channel/errors.ts";
import {
  openConnection as openChannel,
  startServer as startChannels,
} from "../../channel/deno.ts";
import { AgentNotFoundError } from "../../rpc/errors.ts";
import {
  openConnection as openRpc,
  startServer as startRpc,
} from "../../rpc/deno.ts";
import { kwargs } from "../../rpc/kwargs.ts";
import type { Remote } from "../../rpc/remote.ts";
import { type CodecName, CODECS, type Exchange } from "./vectors.ts";
import type { TlsOptions } from "../../transports/tls/options.ts";
import { serveChannel } from "./serve_channel.ts";
import {
  Host,
  type HostMethods,
  type Methods,
  Point,
  pointSerializer,
  Service,
} from "./things.ts";
import {
  BYTES,
  BYTES_SHOWN,
  NOT_FINITE,
  NOT_FINITE_SHOWN,
  PLAIN,
  TEXT,
} from "./values.ts";

/** Runs an act under the label `meaning`. */
export type Try = (
  meaning: string,
  act: () => Promise<unknown>,
) => Promise<void>;

/** The address at which servers listen. */
export const ANY_PORT = "tcp://127.0.0.1:0";

const DAY = new Date("2026-02-28T12:30:00.250Z");
const DAY_SHOWN = { $date: "2026-02-28T12:30:00.250000+00:00" };

/** The layer and codec of an exchange, without the serving side. */
export type Session = Pick<Exchange, "layer" | "codec">;

function settings(
  { codec }: Session,
  tls: TlsOptions | undefined,
) {
  return {
    codec: CODECS[codec],
    serializers: [pointSerializer],
    tls,
  };
}

/** Makes denomas call the peer at `address`, whose agent has the id 0. */
export async function callAiomas(
  session: Session,
  address: string,
  attempt: Try,
  tls?: TlsOptions,
): Promise<void> {
  const { layer, codec } = session;
  const options = settings(session, tls);
  switch (layer) {
    case "channel": {
      await using channel = await openChannel(address, options);
      return await talk((it) => channel.send(it), codec, attempt);
    }
    case "rpc": {
      const service = new Service();
      await using client = await openRpc<Methods>(address, {
        ...options,
        service,
      });
      return await callMethods(client.remote, service, codec, attempt);
    }
    case "agents": {
      await using container = await Container.create(ANY_PORT, options);
      const host = await container.spawn(Host);
      await attempt(
        "an agent that is not there",
        () =>
          assertRejects(
            () => container.connect(`${address}/7`),
            AgentNotFoundError,
          ),
      );
      let remote: Remote<HostMethods>;
      await attempt("the handshake", async () => {
        remote = await container.connect<HostMethods>(`${address}/0`);
      });
      await attempt("a date", async () => {
        assertEquals(await remote!.echo(DAY), DAY);
      });
      return await callMethods(remote!, host, codec, attempt);
    }
  }
}

async function talk(
  send: (content: unknown) => Promise<unknown>,
  codec: CodecName,
  attempt: Try,
): Promise<void> {
  for (const [meaning, value] of valuesFor(codec)) {
    await attempt(meaning, async () => {
      assertEquals(await send(["echo", value]), value);
    });
  }
  await attempt("an instance of a class", async () => {
    assertEquals(await send(["move", new Point(1, 2)]), new Point(2, 3));
  });
  await attempt("a failure", async () => {
    const { remoteName, message } = await assertRejects(
      () => send(["fail", "no"]),
      RemoteError,
    );
    assertEquals([remoteName, message], ["ValueError", "no"]);
  });
}

async function callMethods(
  remote: Remote<Methods>,
  own: object,
  codec: CodecName,
  attempt: Try,
): Promise<void> {
  for (const [meaning, value] of valuesFor(codec)) {
    await attempt(meaning, async () => {
      assertEquals(await remote.echo(value), value);
    });
  }
  await attempt("keyword arguments", async () => {
    const greeting = await remote.greet("A", kwargs({ times: 2 }));
    assertEquals(greeting, "Hello, A Hello, A");
  });
  await attempt("a service in a service", async () => {
    assertEquals(await remote.kitchen.cook("rice"), "cooked rice");
  });
  await attempt("an instance of a class", async () => {
    assertEquals(await remote.move(new Point(1, 2)), new Point(2, 3));
  });
  await attempt("a service as an argument", async () => {
    assertEquals(await remote.ask(own, "Ada"), "Hello, Ada");
  });
  await attempt("a function as an argument", async () => {
    assertEquals(await remote.run((value: number) => value + 1, 1), 2);
  });
  await attempt("a service as a result", async () => {
    assertEquals(await (await remote.me()).greet("Ada"), "Hello, Ada");
  });
  await attempt("a failure", async () => {
    const failing = remote.fail("no");
    const error = await assertRejects(() => failing, RemoteError);
    assertEquals([error.remoteName, error.message], ["ValueError", "no"]);
  });
  await attempt("a method that is not there", async () => {
    const loose = remote as unknown as { nothing(): Promise<void> };
    const error = await assertRejects(() => loose.nothing(), RemoteError);
    assertEquals(error.remoteName, "LookupError");
  });
}

function valuesFor(codec: CodecName): [string, unknown][] {
  return [
    ["plain data", PLAIN],
    ["text beyond ASCII", TEXT],
    ["NaN and infinities", NOT_FINITE],
    ...codec === "msgpack" ? [["bytes", BYTES] as [string, unknown]] : [],
  ];
}

/** Makes denomas serve for calls from aiomas. */
export async function serveAiomas(
  session: Session,
  tls?: TlsOptions,
): Promise<AsyncDisposable & { readonly address: string }> {
  const [address, options] = [ANY_PORT, settings(session, tls)];
  switch (session.layer) {
    case "channel":
      return await startChannels(address, serveChannel, options);
    case "rpc":
      return await startRpc(address, new Service(), {
        ...options,
        maskErrors: false,
      });
    case "agents": {
      const container = await Container.create(address, options);
      await container.spawn(Host);
      return container;
    }
  }
}

/** A call command of `peer.py`, without its connection. */
export interface Calling {
  readonly meaning: string;
  readonly path: string;
  readonly args: readonly unknown[];
  readonly kwargs?: Readonly<Record<string, unknown>>;
}

/**
 * Returns the calls from aiomas to denomas; `own` is the name of its own
 * service.
 */
export function callsOfAiomas(
  { layer, codec }: Session,
  own: string | number,
): Calling[] {
  const values: [string, unknown][] = [
    ["plain data", PLAIN],
    ["text beyond ASCII", TEXT],
    ["NaN and infinities", NOT_FINITE_SHOWN],
    ...codec === "msgpack" ? [["bytes", BYTES_SHOWN] as [string, unknown]] : [],
    ...layer === "agents" ? [["a date", DAY_SHOWN] as [string, unknown]] : [],
  ];
  const point = { $point: [1, 2] };
  const common: Calling[] = [
    ...values.map(([meaning, it]) => ({ meaning, path: "echo", args: [it] })),
    { meaning: "an instance of a class", path: "move", args: [point] },
    { meaning: "a failure", path: "fail", args: ["no"] },
  ];
  if (layer === "channel") return common;
  const name = { path: "greet", args: ["A"] };
  return [
    ...common,
    { meaning: "keyword arguments", ...name, kwargs: { times: 2 } },
    { meaning: "a service in a service", path: "kitchen/cook", args: ["rice"] },
    {
      meaning: "a service as an argument",
      path: "ask",
      args: [{ $own: own }, "Ada"],
    },
    { meaning: "a service as a result", path: "me", args: [] },
    { meaning: "a method that is not there", path: "nothing", args: [] },
  ];
}
