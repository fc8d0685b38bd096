import type { ByteTransport } from "../transports/_byte_transport.ts";
import { memory, memoryBytes } from "../transports/memory.ts";
import { tcp, tcpBytes } from "../transports/tcp.ts";
import type { Transport } from "../transports/transport.ts";
import { unix, unixBytes } from "../transports/unix.ts";
import type { CtxTransport } from "./ctx_contract.ts";

/** How servers listen on each transport, and the bytes below that. */
export const LAYERS: Record<
  CtxTransport,
  { base: Transport; bytes: ByteTransport }
> = {
  tcp: { base: tcp, bytes: tcpBytes },
  unix: { base: unix, bytes: unixBytes },
  memory: { base: memory, bytes: memoryBytes },
};
