import { guardedOnError, type OnError } from "../../channel/report.ts";
import type { Remote } from "../../rpc/remote.ts";
import { internalsOf } from "../_container_internals.ts";
import type { Container } from "../container.ts";
import type { Directory } from "./directory.ts";

/**
 * The connection of a container to a directory, shared by its registrations.
 */
export class DirectoryConnection {
  readonly container: Container;
  /** The address of the directory. */
  readonly address: string;
  readonly onError: OnError;
  #users = 0;
  #watching = new AbortController();
  #lost: Promise<void> | null = null;

  constructor(
    container: Container,
    address: string,
    onError: OnError | undefined,
  ) {
    this.container = container;
    this.address = address;
    this.onError = guardedOnError(onError);
  }

  /** Returns the same proxy each time, unless the connection was lost. */
  connect(signal?: AbortSignal): Promise<Remote<Directory>> {
    return this.container.connect<Directory>(this.address, { signal });
  }

  /** Keeps the directory watched until the result is disposed of. */
  use(): Disposable {
    this.#users++;
    return {
      [Symbol.dispose]: () => {
        if (--this.#users === 0) this.#watching.abort();
      },
    };
  }

  /** Resolves when the connection is lost, or the directory is closed. */
  lost(): Promise<void> {
    if (this.#lost !== null) return this.#lost;
    this.#watching = new AbortController();
    const { links } = internalsOf(this.container);
    const onLost = () => void (this.#lost = null);
    return this.#lost = links.watch(this.address, this.#watching.signal)
      .then(onLost, onLost);
  }
}
