import type { NetworkSide, NetworkWhere } from "../network_contract.ts";

/** What happens to the bytes that are on their way to one side. */
export interface LinkConditions {
  readonly delayMs: number;
  readonly jitterMs: number;
  readonly bytesPerSecond: number;
  readonly pieceBytes: number;
  /** Nothing passes, and nothing is lost. */
  readonly isHeld: boolean;
  /** Everything is lost. */
  readonly isLost: boolean;
}

/** A fault in force. */
export interface Fault {
  readonly where: NetworkWhere;
  /** The conditions that it causes; none of the others change. */
  readonly effect: Partial<LinkConditions>;
  /** Whether attempts to connect wait for its end. */
  readonly isPartition?: boolean;
}

/** Both ends of a connection, as far as they are known. */
export interface Ends {
  readonly client: object | null;
  readonly server: object | null;
}

/** Whether a connection's end is an object, or belongs to it. */
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

/** Adds up what `faults` do to the bytes on their way to one side. */
export function conditionsOf(
  faults: readonly Fault[],
  towards: NetworkSide,
): LinkConditions {
  const effects = faults
    .filter(({ where }) => (where.towards ?? towards) === towards)
    .map(({ effect }) => effect);
  const sum = (name: "delayMs" | "jitterMs") =>
    effects.reduce((total, effect) => total + (effect[name] ?? 0), 0);
  const least = (name: "bytesPerSecond" | "pieceBytes") =>
    Math.min(...effects.map((effect) => effect[name] ?? Infinity));
  return {
    delayMs: sum("delayMs"),
    jitterMs: sum("jitterMs"),
    bytesPerSecond: least("bytesPerSecond"),
    pieceBytes: least("pieceBytes"),
    isHeld: effects.some(({ isHeld }) => isHeld),
    isLost: effects.some(({ isLost }) => isLost),
  };
}
