import type { PeerCertificate, TLSSocket } from "node:tls";
import { type HandshakeCode, HandshakeError } from "../errors.ts";
import { world } from "../_world.ts";
import type { Connection } from "../transport.ts";
import type { NodeModules } from "./credentials.ts";

/** The verdicts on a peer's certificate, in the order of their wire numbers. */
const VERDICTS = [
  "accepted",
  "no-certificate",
  "untrusted",
  "expired",
  "not-yet-valid",
  "wrong-host",
  "old-version",
] as const;

/** One side's verdict on the certificate of the other side. */
export type Verdict = typeof VERDICTS[number];

/** A verdict that ends the handshake. */
export type Rejection = Exclude<Verdict, "accepted">;

/** Returns the wire number of a verdict. */
export function verdictByte(verdict: Verdict): number {
  return VERDICTS.indexOf(verdict);
}

/**
 * Returns the verdict of a wire number. Later versions may send new numbers.
 */
export function verdictOf(byte: number): Verdict {
  return VERDICTS[byte] ?? "untrusted";
}

/** A handshake to run. */
export interface HandshakeTask {
  /** The connection to secure. */
  readonly connection: Connection;
  /** The role of the other side. */
  readonly other: "server" | "client";
  /** The address of the other side. */
  readonly address: string;
  /** The host that the peer's certificate must name, or `null` for any. */
  readonly host: string | null;
  /** Ends the handshake, which then rejects with the signal's reason. */
  readonly signal: AbortSignal;
}

/** The result of {@linkcode judge}. */
export interface Judgement {
  readonly verdict: Verdict;
  /** The error of Node's TLS, if there is one. */
  readonly cause: unknown;
}

/**
 * Judges the certificate that the other side has proved to own. Node is set to
 * accept every certificate, since it cannot say what is wrong with one. This
 * function accepts none that Node has not verified.
 *
 * @param host The host that the certificate must name, or `null` for any.
 */
export function judge(
  socket: TLSSocket,
  host: string | null,
  { tls }: NodeModules,
): Judgement {
  const certificate = certificateOf(socket);
  if (certificate === null) return { verdict: "no-certificate", cause: null };
  const now = world.wallNow();
  const cause = socket.authorizationError;
  if (now > Date.parse(certificate.valid_to)) {
    return { verdict: "expired", cause };
  }
  if (now < Date.parse(certificate.valid_from)) {
    return { verdict: "not-yet-valid", cause };
  }
  // Its authority may be trusted, but versions 1 and 2 are not verified.
  if (!hasVersion3(certificate.raw)) return { verdict: "old-version", cause };
  if (socket.authorized !== true) return { verdict: "untrusted", cause };
  const mismatch = host === null
    ? undefined
    : tls.checkServerIdentity(host, certificate);
  return mismatch === undefined
    ? { verdict: "accepted", cause: null }
    : { verdict: "wrong-host", cause: mismatch };
}

/**
 * Returns the name in the certificate that the other side has proved to own:
 * the common name of its subject or, without one, its first alternative name if
 * that is a DNS name. Returns `null` if the name is ambiguous.
 */
export function peerNameOf(socket: TLSSocket): string | null {
  const certificate = certificateOf(socket);
  if (certificate === null) return null;
  const commonName: unknown = certificate.subject?.CN;
  if (commonName !== undefined) {
    return typeof commonName === "string" && commonName !== ""
      ? commonName
      : null;
  }
  // Only the first name: a name of another kind may hold text that looks like
  // another DNS name.
  const first = /^DNS:([\w.*-]+)(?:,|$)/.exec(certificate.subjectaltname ?? "");
  return first?.[1] ?? null;
}

/** Without a certificate, Node returns an empty object and Deno `undefined`. */
function certificateOf(socket: TLSSocket): PeerCertificate | null {
  const certificate: PeerCertificate | undefined = socket.getPeerCertificate();
  return certificate?.raw === undefined ? null : certificate;
}

/**
 * Returns whether a DER certificate has X.509 version 3. Only versions 2 and 3
 * state their version, in a field of tag 0xA0 (RFC 5280, 4.1).
 */
function hasVersion3(der: Uint8Array): boolean {
  const version = contentAt(der, contentAt(der, 0));
  return der[version] === 0xa0 && der[version + 4] === 2;
}

/** Returns the offset of the content of the DER element at `offset`. */
function contentAt(der: Uint8Array, offset: number): number {
  const length = der[offset + 1] ?? 0;
  return offset + 2 + (length < 0x80 ? 0 : length & 0x7f);
}

const VERSION =
  "has X.509 version 1, issue one of version 3 that names its host (subjectAltName)";

const CLOCKS = "is not valid yet, check the clocks of both hosts";

/** The faults of a certificate, with the remedy for either side. */
const FAULTS: Record<
  Rejection,
  { readonly peer: string; readonly own: string }
> = {
  "no-certificate": { peer: "is missing", own: "give 'cert' and 'key'" },
  "untrusted": {
    peer: "is from an unknown authority, name it in 'caCerts'",
    own: "is from an unknown authority, name it in 'caCerts' there",
  },
  "expired": {
    peer: "has expired, renew it there",
    own: "has expired, renew it",
  },
  "not-yet-valid": { peer: CLOCKS, own: CLOCKS },
  "wrong-host": {
    peer:
      "is for another host, use a name that it holds, or set 'serverName' to one",
    own:
      "is for another host, add the name by which clients reach it, or set 'serverName' there",
  },
  "old-version": { peer: VERSION, own: VERSION },
};

/** Returns the error for a peer's certificate that this side rejects. */
export function ownRefusal(
  verdict: Rejection,
  task: HandshakeTask,
  cause: unknown,
): HandshakeError {
  const text = `the ${task.other}'s certificate ${FAULTS[verdict].peer}`;
  return refusal(text, verdict, "local", task, cause);
}

/** Returns the error for a certificate of this side that the peer rejects. */
export function theirRefusal(
  verdict: Rejection,
  task: HandshakeTask,
): HandshakeError {
  const act = verdict === "no-certificate"
    ? "demands a certificate,"
    : "refuses this side's certificate: it";
  const text = `the ${task.other} ${act} ${FAULTS[verdict].own}`;
  return refusal(text, verdict, "peer", task);
}

/** Returns the error for a handshake that failed. */
export function refusal(
  text: string,
  code: HandshakeCode,
  by: "local" | "peer",
  { other, address }: HandshakeTask,
  cause?: unknown,
): HandshakeError {
  const act = other === "server" ? "connect to" : "accept";
  return new HandshakeError(
    `Cannot ${act} '${address}': ${text}`,
    { address, code, by, cause: cause ?? undefined },
  );
}
