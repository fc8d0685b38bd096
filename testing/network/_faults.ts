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
  /** Nothing passes, and attempts to connect wait. */
  readonly isCutOff: boolean;
}

/** A fault in force: where it is, and the conditions that it causes there. */
export interface Fault extends NetworkWhere, Partial<LinkConditions> {}

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
