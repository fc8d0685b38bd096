import type { Connection, FrameReceiver } from "../../transports/transport.ts";
import { observed } from "../../transports/internal.ts";

/**
 * A server's connection that came through a proxy, with the addresses that it
 * would have without one.
 */
export class ForwardedConnection implements Connection {
  readonly localAddress: string;
  readonly remoteAddress: string;
  readonly #base: Connection;

  constructor(base: Connection, localAddress: string, remoteAddress: string) {
    this.#base = base;
    this.localAddress = localAddress;
    this.remoteAddress = remoteAddress;
    observed.by?.handed(this, base);
  }

  get peer(): string | null {
    return this.#base.peer;
  }

  get queuedBytes(): number {
    return this.#base.queuedBytes;
  }

  get writtenBytes(): number {
    return this.#base.writtenBytes;
  }

  get receivedBytes(): number {
    return this.#base.receivedBytes;
  }

  start(receiver: FrameReceiver): void {
    this.#base.start(receiver);
  }

  send(payload: Uint8Array | string): number {
    return this.#base.send(payload);
  }

  isSent(position: number): boolean {
    return this.#base.isSent(position);
  }

  revoke(position: number): boolean {
    return this.#base.revoke(position);
  }

  finish(): void {
    this.#base.finish();
  }

  close(): void {
    this.#base.close();
  }

  ref(): void {
    this.#base.ref();
  }

  unref(): void {
    this.#base.unref();
  }
}
