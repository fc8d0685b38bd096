import { formatAddress } from "../../transports/address.ts";
import { defaultTransports } from "../../transports/defaults.ts";
import { memory } from "../../transports/memory.ts";
import { tcp } from "../../transports/tcp.ts";
import { secured } from "../../transports/tls/secured.ts";
import type { Transport } from "../../transports/transport.ts";
import { unix } from "../../transports/unix.ts";
import { webSocketOver } from "../../transports/websocket/over.ts";
import { ws } from "../../transports/websocket/ws.ts";
import {
  createTestAuthority,
  type TestAuthority,
} from "../certificates/certificates.ts";
import type {
  CtxOwnTransport,
  CtxTlsOptions,
  CtxTransport,
} from "../ctx_contract.ts";
import type { ResourceScope } from "./_resource_scope.ts";

/** The transport of a step: a built-in one, by its name, or a custom one. */
export type StepTransport = CtxTransport | CtxOwnTransport;

/** Returns the name of a step's transport. */
export function nameOf(transport: StepTransport): string {
  return typeof transport === "string" ? transport : transport.name;
}

/** Returns the transport that carries the bytes of a step's transport. */
export function baseOf(transport: StepTransport): Transport {
  if (typeof transport === "object") return transport.transport;
  switch (transport) {
    case "tcp":
    case "tls":
    case "ws":
      return tcp();
    case "unix":
      return unix();
    case "memory":
      return memory();
  }
}

/**
 * Returns the transports for servers and clients that are opened without `ctx`;
 * `undefined` if the default ones include the step's.
 */
export function transportsOf(
  transport: StepTransport,
): Transport[] | undefined {
  if (transport === "ws") return [ws(), ...defaultTransports()];
  if (typeof transport === "string") return undefined;
  return [transport.transport, ...defaultTransports()];
}

/**
 * Returns the function that wraps a base into the step's transport, if they
 * differ.
 */
export function wrapperOf(
  transport: StepTransport,
  tls: StepTls | null,
): ((plain: Transport) => Transport) | undefined {
  if (transport === "ws") return (plain) => webSocketOver("ws", plain);
  return tls === null ? undefined : (plain) => secured(plain, tls.options);
}

/** The certificates of steps with TLS. */
export interface StepTls {
  readonly authority: TestAuthority;
  readonly options: CtxTlsOptions;
}

let shared: Promise<StepTls> | null = null;

/** Returns the certificates, which all steps with TLS share. */
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

let names = 0;

/** Generates unused addresses, unknown to any other test or program. */
export class Addresses {
  readonly #transport: StepTransport;
  readonly #scope: Pick<ResourceScope, "defer">;
  #folder: string | null = null;
  #files = 0;
  /** Files that were still in the folder of sockets when it was removed. */
  readonly leftFiles: string[] = [];

  /** Creates a generator whose folder is removed by `scope`. */
  constructor(transport: StepTransport, scope: Pick<ResourceScope, "defer">) {
    this.#transport = transport;
    this.#scope = scope;
  }

  /** Returns a new address each time. */
  next(): string {
    if (typeof this.#transport === "object") return this.#transport.address();
    switch (this.#transport) {
      case "tcp":
      case "tls":
        return formatAddress({ scheme: "tcp", host: "127.0.0.1", port: 0 });
      case "ws":
        return formatAddress({ scheme: "ws", host: "127.0.0.1", port: 0 });
      case "memory":
        return formatAddress({ scheme: "local", name: `ctx-${++names}` });
      case "unix": {
        this.#folder ??= this.#makeFolder();
        const path = `${this.#folder}/${++this.#files}`;
        return formatAddress({ scheme: "ipc", path });
      }
    }
  }

  /** Uses a short name, since a socket path is limited to 103 bytes. */
  #makeFolder(): string {
    const folder = Deno.makeTempDirSync({ prefix: "d" });
    this.#scope.defer(`folder '${folder}'`, async () => {
      for await (const { name } of Deno.readDir(folder)) {
        this.leftFiles.push(`file (${folder}/${name})`);
      }
      await Deno.remove(folder, { recursive: true });
    });
    return folder;
  }
}
