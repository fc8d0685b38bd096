import { formatAddress } from "../../transports/address.ts";
import type { CleanUp } from "./_clean_up.ts";
import type { CtxTransport } from "../ctx_contract.ts";

let names = 0;

/**
 * Addresses at which nobody listens, with what they need: none can be in use,
 * neither by a test before nor by another program.
 */
export class Places {
  readonly #transport: CtxTransport;
  readonly #cleanUp: CleanUp;
  #folder: string | null = null;
  #files = 0;
  /** Files that were left in the folder when it was removed. */
  readonly leftFiles: string[] = [];

  /** Makes places for servers; what they need is undone by `cleanUp`. */
  constructor(transport: CtxTransport, cleanUp: CleanUp) {
    this.#transport = transport;
    this.#cleanUp = cleanUp;
  }

  /** Another address each time. */
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

  /** Its name is short, since a socket's path may take no more than 103 bytes. */
  #makeFolder(): string {
    const folder = Deno.makeTempDirSync({ prefix: "d" });
    this.#cleanUp.add(`folder '${folder}'`, async () => {
      for await (const { name } of Deno.readDir(folder)) {
        this.leftFiles.push(`file (${folder}/${name})`);
      }
      await Deno.remove(folder, { recursive: true });
    });
    return folder;
  }
}
