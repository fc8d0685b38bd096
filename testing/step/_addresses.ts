import { formatAddress } from "../../transports/address.ts";
import type { CtxTransport } from "../ctx_contract.ts";
import type { ResourceScope } from "./_resource_scope.ts";

let names = 0;

/** Unused addresses, which no other test or program can have taken. */
export class Addresses {
  readonly #transport: CtxTransport;
  readonly #scope: Pick<ResourceScope, "defer">;
  #folder: string | null = null;
  #files = 0;
  /** Files that were left in the folder of sockets when it was removed. */
  readonly leftFiles: string[] = [];

  /** Creates addresses whose folder `scope` removes. */
  constructor(transport: CtxTransport, scope: Pick<ResourceScope, "defer">) {
    this.#transport = transport;
    this.#scope = scope;
  }

  /** Returns another address each time. */
  next(): string {
    switch (this.#transport) {
      case "tcp":
      case "tls":
        return formatAddress({ scheme: "tcp", host: "127.0.0.1", port: 0 });
      case "memory":
        return formatAddress({ scheme: "local", name: `ctx-${++names}` });
      case "unix": {
        this.#folder ??= this.#makeFolder();
        const path = `${this.#folder}/${++this.#files}`;
        return formatAddress({ scheme: "ipc", path });
      }
    }
  }

  /** The name is short: the path of a socket is limited to 103 bytes. */
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
