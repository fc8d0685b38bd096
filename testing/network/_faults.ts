import type { NetworkSide, NetworkWhere } from "../network_contract.ts";

/** What a fault does to the bytes of a direction. */
export interface Effect {
  readonly delayMs?: number;
  readonly jitterMs?: number;
  readonly bytesPerSecond?: number;
  readonly pieceBytes?: number;
  /** Why nothing passes, if it does not. */
  readonly holds?: "hold" | "partition";
  /** All is lost. */
  readonly loses?: true;
}

/** A fault in force. */
export interface Fault {
  readonly where: NetworkWhere;
  readonly effect: Effect;
}

/** All that happens to the bytes of a direction. */
export interface Weather {
  readonly delayMs: number;
  readonly jitterMs: number;
  readonly bytesPerSecond: number;
  readonly pieceBytes: number;
  readonly isHeld: boolean;
  readonly isLost: boolean;
}

/** What is known of both ends of a connection, made or to be made. */
export interface Ends {
  readonly client: object | null;
  readonly server: object | null;
}

/** Whether a connection's end is, or belongs to, some object. */
export type BelongsTo = (end: object, owner: object) => boolean;

/** Whether `where` chooses the connection between `ends`. */
export function chooses(
  { of, between }: NetworkWhere,
  { client, server }: Ends,
  belongs: BelongsTo,
): boolean {
  const isAt = (end: object | null, owner: object) =>
    end !== null && belongs(end, owner);
  if (of !== undefined && !isAt(client, of) && !isAt(server, of)) return false;
  if (between === undefined) return true;
  const [one, other] = between;
  return (isAt(client, one) && isAt(server, other)) ||
    (isAt(client, other) && isAt(server, one));
}

/** What several faults do together to what is on its way to a side. */
export function weatherOf(
  faults: Iterable<Fault>,
  towards: NetworkSide,
): Weather {
  let [delayMs, jitterMs] = [0, 0];
  let [bytesPerSecond, pieceBytes] = [Infinity, Infinity];
  let [isHeld, isLost] = [false, false];
  for (const { where, effect } of faults) {
    if ((where.towards ?? towards) !== towards) continue;
    delayMs += effect.delayMs ?? 0;
    jitterMs += effect.jitterMs ?? 0;
    bytesPerSecond = Math.min(
      bytesPerSecond,
      effect.bytesPerSecond ?? Infinity,
    );
    pieceBytes = Math.min(pieceBytes, effect.pieceBytes ?? Infinity);
    isHeld ||= effect.holds !== undefined;
    isLost ||= effect.loses ?? false;
  }
  return { delayMs, jitterMs, bytesPerSecond, pieceBytes, isHeld, isLost };
}
