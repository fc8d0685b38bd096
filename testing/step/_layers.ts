import type { ByteTransport } from "../../transports/internal.ts";
import { memory, memoryBytes } from "../../transports/memory.ts";
import { tcp, tcpBytes } from "../../transports/tcp.ts";
import { tls } from "../../transports/tls/tls.ts";
import type { Transport } from "../../transports/transport.ts";
import { unix, unixBytes } from "../../transports/unix.ts";
import type { CtxTlsOptions, CtxTransport } from "../ctx_contract.ts";

/** How servers listen and clients connect, and the bytes below that. */
export interface Layers {
  readonly base: Transport;
  readonly bytes: ByteTransport;
}

/** Those of a step's transport; one with TLS has `options`. */
export function layersOf(
  transport: CtxTransport,
  options: CtxTlsOptions | null = null,
): Layers {
  switch (transport) {
    case "tcp":
      return { base: tcp, bytes: tcpBytes };
    case "unix":
      return { base: unix, bytes: unixBytes };
    case "memory":
      return { base: memory, bytes: memoryBytes };
    case "tls":
      return { base: tls(options ?? {}), bytes: tcpBytes };
  }
}
