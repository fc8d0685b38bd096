import type { ByteEnd, ByteTransport } from "../../transports/internal.ts";
import { memoryBytes } from "../../transports/memory.ts";
import { tcpBytes } from "../../transports/tcp.ts";
import { unixBytes } from "../../transports/unix.ts";
import {
  createTestAuthority,
  type TestAuthority,
} from "../certificates/certificates.ts";
import type { CtxTlsOptions, CtxTransport } from "../ctx_contract.ts";

/**
 * Returns the bytes of a step's transport. Each end that a listener accepts
 * passes `through`, before any handshake of TLS.
 */
export function bytesOf(
  transport: CtxTransport,
  tls: CtxTlsOptions | undefined,
  through: (end: ByteEnd) => ByteEnd = (end) => end,
): ByteTransport {
  switch (transport) {
    case "tcp":
      return tcpBytes({}, through);
    case "tls":
      return tcpBytes({ tls }, through);
    case "unix":
      return acceptThrough(unixBytes(), through);
    case "memory":
      return acceptThrough(memoryBytes(), through);
  }
}

function acceptThrough(
  bytes: ByteTransport,
  through: (end: ByteEnd) => ByteEnd,
): ByteTransport {
  return {
    ...bytes,
    listen: (address, accept, options) =>
      bytes.listen(address, (end) => accept(through(end)), options),
  };
}

/** The certificates of the steps with TLS. */
export interface StepTls {
  readonly authority: TestAuthority;
  readonly options: CtxTlsOptions;
}

let shared: Promise<StepTls> | null = null;

/** Returns the certificates that all steps with TLS share. */
export function stepTls(): Promise<StepTls> {
  return shared ??= makeStepTls();
}

async function makeStepTls(): Promise<StepTls> {
  const authority = await createTestAuthority();
  const certificate = await authority.issue({ name: "ctx" });
  return {
    authority,
    options: { ...certificate, caCerts: authority.caCert },
  };
}
