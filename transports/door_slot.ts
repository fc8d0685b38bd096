import { AddressInUseError } from "./errors.ts";
import type { Connection, Listener } from "./transport.ts";

/** The only server that can use a door, a transport in another server. */
export class DoorSlot {
  readonly #address: string;
  #accept: ((connection: Connection) => void) | null = null;

  constructor(address: string) {
    this.#address = address;
  }

  /** The handler of connections; `null` while no server uses the door. */
  get accept(): ((connection: Connection) => void) | null {
    return this.#accept;
  }

  /**
   * Lets a server use the door until its listener is closed.
   *
   * @throws {AddressInUseError} If another server uses the door.
   * @throws {TypeError} If `address` is not the address of the door.
   */
  // deno-lint-ignore require-await -- it must reject, not throw
  async listen(
    address: string,
    accept: (connection: Connection) => void,
  ): Promise<Listener> {
    const own = this.#address;
    if (address !== own) {
      throw new TypeError(
        `Cannot use address '${address}': this door is at '${own}', use its 'address'`,
      );
    }
    if (this.#accept !== null) {
      throw new AddressInUseError(
        `Cannot listen on '${own}': another server uses this door, make one more`,
        { address: own },
      );
    }
    this.#accept = accept;
    let isOpen = true;
    return {
      address,
      // A repeated call must not close the door of a later server.
      close: () => {
        if (isOpen) this.#accept = null;
        isOpen = false;
        return Promise.resolve();
      },
      // The other server keeps the process alive.
      ref: () => {},
      unref: () => {},
    };
  }
}
