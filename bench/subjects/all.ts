import { agent } from "./agent.ts";
import { bare } from "./bare.ts";
import { channel, channelMsgPack } from "./channel.ts";
import { PEERS } from "./peers/all.ts";
import { rpc, rpcDiagnostics, rpcTelemetry } from "./rpc.ts";
import type { Subject } from "./subject.ts";

/** Every subject. */
export const SUBJECTS: readonly Subject[] = [
  bare,
  channel,
  channelMsgPack,
  rpc,
  rpcDiagnostics,
  rpcTelemetry,
  agent,
  ...PEERS,
];

/** The subject that is called `name`. */
export function subjectNamed(name: string | undefined): Subject {
  const subject = SUBJECTS.find((subject) => subject.name === name);
  if (subject !== undefined) return subject;
  throw new TypeError(
    `Cannot choose subject '${name}': use one of '${
      SUBJECTS.map(({ name }) => name).join("', '")
    }'`,
  );
}
