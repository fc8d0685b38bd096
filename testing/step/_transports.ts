import type { ByteTransport } from "../../transports/internal.ts";
import { memory, memoryBytes } from "../../transports/memory.ts";
import { tcp, tcpBytes } from "../../transports/tcp.ts";
import type { Transport } from "../../transports/transport.ts";
import { unix, unixBytes } from "../../transports/unix.ts";
import {
  createTestAuthority,
  type TestAuthority,
} from "../certificates/certificates.ts";
import type { CtxTlsOptions, CtxTransport } from "../ctx_contract.ts";

/** A transport of frames, and the transport of bytes below it. */
export interface Layers {
  readonly base: Transport;
  readonly bytes: ByteTransport;
}

/** Returns the layers of a step's transport; `options` are those of TLS. */
export function layersOf(
  transport: CtxTransport,
  options: CtxTlsOptions | null = null,
): Layers {
  switch (transport) {
    case "tcp":
      return { base: tcp(), bytes: tcpBytes() };
    case "unix":
      return { base: unix(), bytes: unixBytes() };
    case "memory":
      return { base: memory(), bytes: memoryBytes() };
    case "tls":
      return { base: tcp({ tls: options ?? {} }), bytes: tcpBytes() };
  }
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
