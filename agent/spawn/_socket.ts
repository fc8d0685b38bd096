import { parseAddress } from "../../transports/address.ts";
import { inodeOf, removeSocketOf } from "../../transports/socket_file.ts";

/** The file of a spawned container's socket, if it has one. */
export class SpawnedSocket {
  readonly #path: string | null;
  #ino: number | null = null;

  /** Of the container at `address`. */
  constructor(address: string) {
    const parsed = parseAddress(address);
    this.#path = parsed.scheme === "ipc" ? parsed.path : null;
  }

  /** Remembers which file it is, since it may be open when its owner is gone. */
  async remember(): Promise<void> {
    if (this.#path !== null) this.#ino = await inodeOf(this.#path);
  }

  /**
   * Removes what its owner has left.
   *
   * @throws {Error} The system's error, if that is not allowed.
   */
  async remove(): Promise<void> {
    if (this.#path !== null) await removeSocketOf(this.#path, this.#ino);
  }
}
