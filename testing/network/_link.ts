import type { ByteStream } from "../../transports/transport.ts";
import { observed } from "../../transports/internal.ts";
import type { NetworkSide } from "../network_contract.ts";
import type { Ends, LinkConditions } from "./_faults.ts";
import { Pipe } from "./_pipe.ts";
import { seededRandom } from "./random.ts";

/** Options for a {@linkcode NetworkLink}. */
export interface NetworkLinkOptions {
  /** The stream to the client. */
  readonly front: ByteStream;
  /** The stream to the server. */
  readonly back: ByteStream;
  /** The address of the client. */
  readonly clientAddress: string;
  /** Whether a client of the step is waiting for this link. */
  readonly isExpected: boolean;
  /** The connection of the server. */
  readonly server: object;
  /** The seed of its random numbers. */
  readonly seed: number;
  /** Returns the current conditions for bytes in transit to a side. */
  readonly conditions: (
    link: NetworkLink,
    towards: NetworkSide,
  ) => LinkConditions;
}

/** One connection through the network: a proxy between two streams. */
export class NetworkLink implements Ends {
  readonly clientAddress: string;
  readonly isExpected: boolean;
  /** The connection of the client, if it is known. */
  client: object | null = null;
  readonly server: object;
  /** Resolves when both directions have ended. */
  readonly ended: Promise<void>;
  readonly #front: ByteStream;
  readonly #back: ByteStream;
  /** The two directions of the link. */
  readonly pipes: readonly Pipe[];

  /** Starts to carry bytes. */
  constructor(options: NetworkLinkOptions) {
    const { front, back, clientAddress, seed, conditions } = options;
    this.clientAddress = clientAddress;
    this.isExpected = options.isExpected;
    this.server = options.server;
    this.#front = front;
    this.#back = back;
    const random = seededRandom(seed);
    const makePipe = (from: ByteStream, to: ByteStream, towards: NetworkSide) =>
      new Pipe({
        from,
        to,
        random: seededRandom(random() * 2 ** 32),
        conditions: () => conditions(this, towards),
        onReset: () => this.reset(),
      });
    this.pipes = [
      makePipe(front, back, "server"),
      makePipe(back, front, "client"),
    ];
    observed.by?.opened(this, "connection", () => `proxy of ${clientAddress}`);
    this.ended = this.#run();
  }

  /** Breaks the connection off; both sides notice. */
  reset(): void {
    for (const pipe of this.pipes) pipe.cut();
    this.#close();
  }

  /** Breaks the connection off; the side `openAt` does not notice. */
  halfOpen(openAt: NetworkSide): void {
    for (const pipe of this.pipes) pipe.lose();
    close(openAt === "client" ? this.#back : this.#front);
  }

  async #run(): Promise<void> {
    await Promise.all(this.pipes.map((pipe) => pipe.run()));
    this.#close();
    observed.by?.closed(this);
  }

  #close(): void {
    close(this.#front);
    close(this.#back);
  }
}

function close(stream: ByteStream): void {
  try {
    stream.close();
  } catch {
    // Closing a socket twice throws.
  }
}
