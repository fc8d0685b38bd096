import type { PeerCertificate, TLSSocket } from "node:tls";
import { type HandshakeCode, HandshakeError } from "../errors.ts";
import { world } from "../_world.ts";
import type { NodeModules } from "./_node.ts";

/** What one side thinks of the other's certificate. */
export type Verdict =
  | "accepted"
  | "no-certificate"
  | "untrusted"
  | "expired"
  | "not-yet-valid"
  | "wrong-host";

/** In the order of their numbers on the wire. */
const VERDICTS: readonly Verdict[] = [
  "accepted",
  "no-certificate",
  "untrusted",
  "expired",
  "not-yet-valid",
  "wrong-host",
];

/** The number that stands for `verdict` on the wire. */
export function verdictByte(verdict: Verdict): number {
  return VERDICTS.indexOf(verdict);
}

/** What a number on the wire stands for; a later version may know more. */
export function verdictOf(byte: number): Verdict {
  return VERDICTS[byte] ?? "untrusted";
}

/** Which side is which, and how they are called. */
export interface Sides {
  /** What the other side is. */
  readonly other: "server" | "client";
  /** Its address. */
  readonly address: string;
}

/** What {@linkcode judge} found. */
export interface Judgement {
  readonly verdict: Verdict;
  /** What Node says. */
  readonly cause: unknown;
}

/**
 * Weighs the certificate that the other side has proved to have. Node is told
 * to let every one pass, since it could not say what is wrong with it; here
 * none passes that Node has not verified.
 *
 * @param host What the certificate must be for, if that is of concern.
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
  if (socket.authorized !== true) return { verdict: "untrusted", cause };
  const mismatch = host === null
    ? undefined
    : tls.checkServerIdentity(host, certificate);
  return mismatch === undefined
    ? { verdict: "accepted", cause: null }
    : { verdict: "wrong-host", cause: mismatch };
}

/**
 * The name in the certificate that the other side has proved to have: the
 * common name of its subject; without one, its first alternative name if that
 * is a DNS name. What is ambiguous is no name.
 */
export function peerName(socket: TLSSocket): string | null {
  const certificate = certificateOf(socket);
  if (certificate === null) return null;
  const commonName: unknown = certificate.subject?.CN;
  if (commonName !== undefined) {
    return typeof commonName === "string" && commonName !== ""
      ? commonName
      : null;
  }
  // Only the first one: a name of another kind may hold text that looks like
  // one more DNS name.
  const first = /^DNS:([\w.*-]+)(?:,|$)/.exec(certificate.subjectaltname ?? "");
  return first?.[1] ?? null;
}

/** Node has an empty object, and Deno nothing, where there is none. */
function certificateOf(socket: TLSSocket): PeerCertificate | null {
  const certificate: PeerCertificate | undefined = socket.getPeerCertificate();
  return certificate?.raw === undefined ? null : certificate;
}

/** Why this side does not accept the other. */
export function ownRefusal(
  { verdict, cause }: Judgement & {
    readonly verdict: Exclude<Verdict, "accepted">;
  },
  sides: Sides,
): HandshakeError {
  const its = `the ${sides.other}'s certificate`;
  const texts: Record<typeof verdict, string> = {
    "no-certificate": `the ${sides.other} showed no certificate`,
    "untrusted":
      `${its} is not from an authority that is trusted here, name that authority in 'caCerts'`,
    "expired": `${its} has expired, renew it there`,
    "not-yet-valid":
      `${its} is not valid yet, look at the clocks of both machines`,
    "wrong-host":
      `${its} is for another host, use a name that it holds, or set 'serverName' to one`,
  };
  return refusal(texts[verdict], verdict, "local", sides, cause);
}

/** Why the other side does not accept this one. */
export function theirRefusal(
  verdict: Exclude<Verdict, "accepted">,
  sides: Sides,
): HandshakeError {
  const mine = `the ${sides.other} refused this side's certificate:`;
  const texts: Record<typeof verdict, string> = {
    "no-certificate":
      `the ${sides.other} demands a certificate, give 'cert' and 'key'`,
    "untrusted":
      `${mine} it does not trust the authority that issued it, name that in 'caCerts' there`,
    "expired": `${mine} it has expired, renew it`,
    "not-yet-valid":
      `${mine} it is not valid yet, look at the clocks of both machines`,
    "wrong-host":
      `${mine} it is for another host, let it hold the name by which it is reached, or set 'serverName' there`,
  };
  return refusal(texts[verdict], verdict, "peer", sides);
}

/** Makes the error for what stopped a handshake. */
export function refusal(
  text: string,
  code: HandshakeCode,
  by: "local" | "peer",
  { other, address }: Sides,
  cause?: unknown,
): HandshakeError {
  const act = other === "server" ? "connect to" : "accept";
  return new HandshakeError(
    `Cannot ${act} '${address}': ${text}`,
    {
      address,
      code,
      by,
      ...cause === undefined || cause === null ? {} : { cause },
    },
  );
}
