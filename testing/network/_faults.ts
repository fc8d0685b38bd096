import type { NetworkSide, NetworkWhere } from "../network_contract.ts";

/** The conditions for bytes in transit to one side. */
export interface LinkConditions {
  readonly delayMs: number;
  readonly jitterMs: number;
  readonly bytesPerSecond: number;
  readonly pieceBytes: number;
  /** Nothing is delivered, and nothing is lost. */
  readonly isHeld: boolean;
  /** Everything is lost. */
  readonly isLost: boolean;
  /** Nothing is delivered, and attempts to connect wait. */
  readonly isCutOff: boolean;
}

/** An active fault: the connections it applies to, and its conditions. */
export interface Fault extends NetworkWhere, Partial<LinkConditions> {}

/** Both ends of a connection, as far as they are known. */
export interface Ends {
  readonly client: object | null;
  readonly server: object | null;
}

/** Returns whether `end` is `owner` or belongs to it. */
export type BelongsTo = (end: object, owner: object) => boolean;

/** Returns whether `where` selects the connection between `ends`. */
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

/** Combines the effects of `faults` on bytes in transit to one side. */
export function conditionsOf(
  faults: readonly Fault[],
  towards: NetworkSide,
): LinkConditions {
  const here = faults.filter((it) => (it.towards ?? towards) === towards);
  const sum = (name: "delayMs" | "jitterMs") =>
    here.reduce((total, fault) => total + (fault[name] ?? 0), 0);
  const least = (name: "bytesPerSecond" | "pieceBytes") =>
    Math.min(...here.map((fault) => fault[name] ?? Infinity));
  const any = (name: "isHeld" | "isLost" | "isCutOff") =>
    here.some((fault) => fault[name]);
  return {
    delayMs: sum("delayMs"),
    jitterMs: sum("jitterMs"),
    bytesPerSecond: least("bytesPerSecond"),
    pieceBytes: least("pieceBytes"),
    isHeld: any("isHeld") || any("isCutOff"),
    isLost: any("isLost"),
    isCutOff: any("isCutOff"),
  };
}
