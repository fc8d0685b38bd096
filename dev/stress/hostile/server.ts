import { transportFor } from "../../../transports/address.ts";
import { defaultTransports } from "../../../transports/defaults.ts";
import type { Ctx } from "../../../testing/ctx_contract.ts";
import type { Connection, Listener } from "../../../transports/transport.ts";
import { HostilePeer, type HostilePeerOptions } from "./peer.ts";

/** A server that speaks the protocol, and lies to whoever connects. */
export class HostileServer implements AsyncDisposable {
  /** Those that are connected. */
  readonly peers: Set<HostilePeer> = new Set();
  readonly #listener: Listener;

  private constructor(listener: Listener) {
    this.#listener = listener;
  }

  /** Listens at an address of the step's; it answers by itself. */
  static async listen(
    ctx: Ctx,
    options: HostilePeerOptions,
  ): Promise<HostileServer> {
    const { address } = ctx;
    const { tls } = ctx.options;
    const accept = (connection: Connection) => {
      const peer = new HostilePeer(connection, {
        ...options,
        answersAtOnce: true,
      });
      server.peers.add(peer);
      peer.ended.then(() => server.peers.delete(peer));
    };
    const listener = await transportFor(address, defaultTransports({ tls }))
      .listen(address, accept, { onError: () => {} });
    const server = new HostileServer(listener);
    return server;
  }

  /** Where it listens. */
  get address(): string {
    return this.#listener.address;
  }

  /** Ends all connections. */
  hangUp(): void {
    for (const peer of this.peers) peer.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.hangUp();
    await this.#listener.close();
  }
}
