import type { ByteStream } from "../../transports/frames/framed_connection.ts";
import { Bell } from "./_signal.ts";
import type { Weather } from "./_faults.ts";
import { type Random, randomInteger } from "./_random.ts";
import { nextTurn } from "../step/_within.ts";

/** What is under way at most before the sender must wait, as in memory. */
const CAPACITY_BYTES = 256 * 1024;
/** How much is read at once. */
const READ_BYTES = 64 * 1024;
/** A narrow connection carries so many milliseconds' worth at once. */
const SLICE_MS = 10;

/** How many pieces arrive by themselves, even over sockets. */
const PAUSE_CHANCE = 0.25;

/** How a sender ended: as it should, or cut off. */
type Ending = "end" | "reset";

interface Parcel {
  readonly content: Uint8Array | Ending;
  readonly dueAt: number;
}

/** What a {@linkcode Pipe} is made with. */
export interface PipeOptions {
  readonly from: ByteStream;
  readonly to: ByteStream;
  readonly random: Random;
  /** What happens to the bytes now. */
  readonly weather: () => Weather;
  /** The sender was cut off, and the news of it has arrived. */
  readonly onReset: () => void;
}

/** One direction of a connection, with what the network does to it. */
export class Pipe {
  lostBytes = 0;
  heldBytes = 0;
  readonly #options: PipeOptions;
  readonly #parcels: Parcel[] = [];
  readonly #room = new Bell();
  readonly #change = new Bell();
  /** What is read is lost from now on. */
  #isLost = false;
  /** The receiver is gone: nobody misses what is read from now on. */
  #isDeaf = false;
  #isCut = false;
  #lastDueAt = 0;
  /** When a narrow connection is free again. */
  #freeAt = 0;

  constructor(options: PipeOptions) {
    this.#options = options;
  }

  /** Whether something is held back or was lost. */
  get isDisturbed(): boolean {
    return this.#isLost || this.#parcels.length > 0;
  }

  /** Carries bytes until the sender has ended, or it is cut. */
  async run(): Promise<void> {
    await Promise.all([this.#read(), this.#deliver()]);
  }

  /** The weather has changed. */
  wake(): void {
    this.#change.ring();
  }

  /** Loses everything from now on. */
  lose(): void {
    this.#isLost = true;
    this.wake();
  }

  /** Ends at once; the sender's stream must be closed, too. */
  cut(): void {
    this.#isCut = true;
    this.#room.ring();
    this.wake();
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(READ_BYTES);
    let content: Parcel["content"];
    do {
      while (this.heldBytes >= CAPACITY_BYTES && !this.#isCut) {
        await this.#room.wait();
      }
      content = await this.#readOnce(buffer);
      this.#post(content);
    } while (typeof content !== "string");
  }

  async #readOnce(buffer: Uint8Array): Promise<Parcel["content"]> {
    try {
      const bytes = await this.#options.from.read(buffer);
      return bytes === null ? "end" : buffer.slice(0, bytes);
    } catch {
      // However it broke off, the other side hears of it.
      return "reset";
    }
  }

  #post(content: Parcel["content"]): void {
    const { delayMs, jitterMs } = this.#options.weather();
    const extraMs = jitterMs > 0 ? this.#options.random() * jitterMs : 0;
    const dueAt = performance.now() + delayMs + extraMs;
    this.#lastDueAt = Math.max(this.#lastDueAt, dueAt);
    this.#parcels.push({ content, dueAt: this.#lastDueAt });
    if (typeof content !== "string") this.heldBytes += content.length;
    this.#change.ring();
  }

  async #deliver(): Promise<void> {
    while (!this.#isCut) {
      const [parcel] = this.#parcels;
      if (parcel === undefined) {
        await this.#change.wait();
        continue;
      }
      const weather = this.#options.weather();
      if (weather.isLost) this.#isLost = true;
      const waitMs = this.#waitMs(parcel, weather);
      if (waitMs > 0) {
        await this.#change.wait(waitMs);
        continue;
      }
      const { content } = parcel;
      if (typeof content === "string") return await this.#end(content);
      if (this.#isLost) this.lostBytes += this.#take(content, content.length);
      else await this.#pass(content, weather);
    }
  }

  #waitMs({ dueAt }: Parcel, { isHeld }: Weather): number {
    if (this.#isLost) return 0;
    if (isHeld) return Infinity;
    return Math.max(dueAt, this.#freeAt) - performance.now();
  }

  async #pass(bytes: Uint8Array, weather: Weather): Promise<void> {
    const { bytesPerSecond, pieceBytes } = weather;
    const most = Math.min(bytes.length, this.#sliceBytes(bytesPerSecond));
    const length = pieceBytes < Infinity
      ? Math.min(most, randomInteger(this.#options.random, 1, pieceBytes))
      : most;
    const written = await this.#write(bytes.subarray(0, length));
    this.#take(bytes, written);
    if (bytesPerSecond < Infinity) {
      const now = Math.max(performance.now(), this.#freeAt);
      this.#freeAt = now + written / bytesPerSecond * 1_000;
    }
    if (pieceBytes < Infinity) await this.#pauseBetweenPieces();
  }

  /** Without a pause now and then a socket would join all pieces again. */
  async #pauseBetweenPieces(): Promise<void> {
    if (this.#options.random() < PAUSE_CHANCE) await this.#change.wait(1);
    else await nextTurn();
  }

  #sliceBytes(bytesPerSecond: number): number {
    return Math.max(1, Math.floor(bytesPerSecond / 1_000 * SLICE_MS));
  }

  async #write(bytes: Uint8Array): Promise<number> {
    if (this.#isDeaf) return bytes.length;
    try {
      return await this.#options.to.write(bytes);
    } catch {
      // The other direction tells the sender of it.
      this.#isDeaf = true;
      return bytes.length;
    }
  }

  /** Takes so much of the first parcel out. */
  #take(bytes: Uint8Array, length: number): number {
    if (this.#isCut) return 0;
    const { dueAt } = this.#parcels[0]!;
    if (length === bytes.length) this.#parcels.shift();
    else this.#parcels[0] = { content: bytes.subarray(length), dueAt };
    this.heldBytes -= length;
    this.#room.ring();
    return length;
  }

  async #end(ending: Ending): Promise<void> {
    this.#parcels.shift();
    if (this.#isLost || this.#isDeaf) return;
    if (ending === "reset") return this.#options.onReset();
    // It fails if the receiver is gone: then there is nobody to tell.
    await this.#options.to.closeWrite().catch(() => {});
  }
}
