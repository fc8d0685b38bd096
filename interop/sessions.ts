/**
 * What is said in the recorded sessions: once with aiomas, to record it, and
 * then with the recording.
 *
 * @module
 */
import { Container } from "../agent/container.ts";
import type { Codec } from "../channel/codecs/codec.ts";
import { json } from "../channel/codecs/json.ts";
import { msgpack } from "../channel/codecs/msgpack.ts";
import { openConnection as openChannel } from "../channel/open.ts";
import { startServer as startChannelServer } from "../channel/server.ts";
import { openConnection } from "../rpc/client.ts";
import { kwargs } from "../rpc/kwargs.ts";
import type { Remote } from "../rpc/remote.ts";
import { startServer } from "../rpc/server.ts";
import type { Layer, Side } from "./matrix.ts";
import { serveChannel } from "./serve_channel.ts";
import {
  Host,
  type HostMethods,
  type Methods,
  Point,
  pointSerializer,
  Service,
  show,
} from "./things.ts";
import { BYTES, NOT_FINITE, PLAIN, TEXT } from "./values.ts";

/** The codecs, which write what is not finite as Python does. */
export const CODECS: Readonly<Record<CodecName, Codec>> = {
  json: json({ nonFinite: "python" }),
  msgpack: msgpack(),
};

/** The names of the codecs. */
export type CodecName = "json" | "msgpack";

/** A conversation on one connection. */
export interface Session {
  readonly layer: Layer;
  /** Who serves; the other one calls. */
  readonly serves: Side;
  readonly codec: CodecName;
}

/** All that are recorded. */
export const SESSIONS: readonly Session[] = (["json", "msgpack"] as const)
  .flatMap((codec) =>
    (["channel", "rpc", "agents"] as const).flatMap((layer) =>
      (["aiomas", "denomas"] as const).map((serves) => ({
        layer,
        serves,
        codec,
      }))
    )
  );

/** How both are found in the recordings. */
export function sessionName({ layer, serves, codec }: Session): string {
  return `${layer}, ${serves} serves, ${codec}`;
}

/** What aiomas is told to call where denomas serves, with tags as `show` has. */
export interface TaggedCall {
  readonly path: string;
  readonly args: readonly unknown[];
  readonly kwargs?: Readonly<Record<string, unknown>>;
}

/** The calls of aiomas in a session; `fail` fails. */
export function callsOfAiomas({ layer, codec }: Session): TaggedCall[] {
  const bytes = codec === "json" ? [] : [BYTES];
  const echoed = [PLAIN, TEXT, ...bytes].map((value) => ({
    path: "echo",
    args: [show(value)],
  }));
  const moved = { path: "move", args: [show(new Point(1, 2))] };
  const failed = { path: "fail", args: ["too far"] };
  const infinite = { path: "hear", args: [show(NOT_FINITE)] };
  if (layer === "channel") return [...echoed, infinite, moved, failed];
  return [
    { path: "greet", args: ["Ada"], kwargs: { times: 2 } },
    { path: "kitchen/cook", args: ["soup"] },
    ...echoed,
    infinite,
    moved,
    failed,
    ...(layer === "agents"
      ? [{ path: "tomorrow", args: [show(new Date(0))] }]
      : [{ path: "ask", args: [{ $own: "" }, "Ada"] }]),
  ];
}

/** Makes the calls of denomas in a session; resolves to what came of them. */
export async function callAiomas(
  session: Session,
  address: string,
): Promise<unknown> {
  const serializers = [pointSerializer];
  const options = { codec: CODECS[session.codec], serializers };
  switch (session.layer) {
    case "channel": {
      await using channel = await openChannel(address, options);
      const send = (content: unknown) => channel.send(content);
      return await outcomes(
        callsOn(session).map(({ path, args }) => () => send([path, ...args])),
      );
    }
    case "rpc": {
      await using client = await openConnection<Methods>(address, {
        ...options,
        service: new Service(),
      });
      const { remote } = client;
      return await outcomes([
        ...methodCalls(session, remote),
        // A proxy for its own service, which it has not seen before.
        () => remote.me(),
      ]);
    }
    case "agents": {
      await using container = await Container.create(
        `local://session-${crypto.randomUUID()}`,
        options,
      );
      const agent = await container.connect<HostMethods>(`${address}/0`);
      return await outcomes([
        ...methodCalls(session, agent),
        () => agent.tomorrow(new Date(0)),
      ]);
    }
  }
}

function callsOn({ codec }: Session): { path: string; args: unknown[] }[] {
  const bytes = codec === "json" ? [] : [BYTES];
  return [
    ...[PLAIN, TEXT, ...bytes].map((value) => ({
      path: "echo",
      args: [value],
    })),
    { path: "hear", args: [NOT_FINITE] },
    { path: "move", args: [new Point(1, 2)] },
    { path: "fail", args: ["too far"] },
  ];
}

function methodCalls(
  session: Session,
  remote: Remote<Methods>,
): (() => Promise<unknown>)[] {
  const methods = remote as unknown as Record<
    string,
    (...args: unknown[]) => Promise<unknown>
  >;
  return [
    () => remote.greet("Ada", kwargs({ times: 2 })),
    () => remote.kitchen.cook("soup"),
    ...callsOn(session).map(({ path, args }) => () => methods[path]!(...args)),
  ];
}

/** Does one after the other; what fails is told by its text. */
async function outcomes(
  calls: readonly (() => Promise<unknown>)[],
): Promise<unknown[]> {
  const results: unknown[] = [];
  for (const call of calls) {
    results.push(await call().then(show, (error) => ({ $error: `${error}` })));
  }
  return results;
}

/** What denomas serves in a session, for as long as it is not disposed of. */
export interface Serving extends AsyncDisposable {
  readonly address: string;
}

/** Serves a session. */
export async function serveAiomas(
  { layer, codec }: Session,
  address: string,
): Promise<Serving> {
  const serializers = [pointSerializer];
  const options = { codec: CODECS[codec], serializers };
  switch (layer) {
    case "channel":
      return await startChannelServer(address, serveChannel, options);
    case "rpc":
      return await startServer(address, new Service(), options);
    case "agents": {
      const container = await Container.create(address, options);
      await container.spawn(Host);
      return container;
    }
  }
}
