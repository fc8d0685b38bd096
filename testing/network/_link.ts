import type { ByteStream } from "../../transports/frames/framed_connection.ts";
import { observed } from "../../transports/internal.ts";
import type { Ends, Weather } from "./_faults.ts";
import type { NetworkSide } from "../network_contract.ts";
import { Pipe } from "./_pipe.ts";
import { seededRandom } from "./_random.ts";

/** What a {@linkcode NetworkLink} is made with. */
export interface NetworkLinkOptions {
  /** The stream to the client. */
  readonly front: ByteStream;
  /** The stream to the server. */
  readonly back: ByteStream;
  /** How reports call it. */
  readonly name: string;
  /** What its chances are drawn from. */
  readonly seed: number;
  /** What happens to what is on its way to a side now. */
  readonly weather: (link: NetworkLink, towards: NetworkSide) => Weather;
}

/** One connection through the network: a proxy between two streams. */
export class NetworkLink implements Ends {
  /** The connection of the client, where that is known. */
  client: object | null = null;
  /** The connection of the server, once it is known. */
  server: object | null = null;
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
  readonly #front: ByteStream;
  readonly #back: ByteStream;
  readonly #toServer: Pipe;
  readonly #toClient: Pipe;

  /** Begins to carry bytes. */
  constructor({ front, back, name, seed, weather }: NetworkLinkOptions) {
    this.#front = front;
    this.#back = back;
    const onReset = () => this.reset();
    const random = seededRandom(seed);
    this.#toServer = new Pipe({
      from: front,
      to: back,
      random: seededRandom(random() * 2 ** 32),
      weather: () => weather(this, "server"),
      onReset,
    });
    this.#toClient = new Pipe({
      from: back,
      to: front,
      random: seededRandom(random() * 2 ** 32),
      weather: () => weather(this, "client"),
      onReset,
    });
    observed.by?.opened(this, "connection", () => name);
    this.ended = this.#run();
  }

  /** Whether something is held back or was lost. */
  get isDisturbed(): boolean {
    return this.#pipes.some((it) => it.isDisturbed);
  }

  /** Bytes under way. */
  get heldBytes(): number {
    return this.#toServer.heldBytes + this.#toClient.heldBytes;
  }

  /** Bytes that were lost. */
  get lostBytes(): number {
    return this.#toServer.lostBytes + this.#toClient.lostBytes;
  }

  /** The weather has changed. */
  wake(): void {
    for (const pipe of this.#pipes) pipe.wake();
  }

  /** Breaks it off; both sides are told. */
  reset(): void {
    for (const pipe of this.#pipes) pipe.cut();
    this.#close();
  }

  /** Breaks it off, and tells one side nothing of it. */
  loseSide(openAt: NetworkSide): void {
    for (const pipe of this.#pipes) pipe.lose();
    const dead = openAt === "client" ? this.#back : this.#front;
    closeStream(dead);
  }

  get #pipes(): Pipe[] {
    return [this.#toServer, this.#toClient];
  }

  async #run(): Promise<void> {
    await Promise.all(this.#pipes.map((it) => it.run()));
    this.#close();
    observed.by?.closed(this);
  }

  #close(): void {
    closeStream(this.#front);
    closeStream(this.#back);
  }
}

function closeStream(stream: ByteStream): void {
  try {
    stream.close();
  } catch {
    // It was closed before, which a socket refuses to be told again.
  }
}
