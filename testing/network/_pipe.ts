import type { ByteStream } from "../../transports/transport.ts";
import { within } from "../../channel/internal.ts";
import { world } from "../../transports/internal.ts";
import type { LinkConditions } from "./_faults.ts";
import { type Random, randomInteger } from "./random.ts";

/**
 * The number of bytes in transit at which the sender must wait, as in memory.
 */
const CAPACITY_BYTES = 256 * 1024;
/** The maximum length of a read. */
const READ_BYTES = 64 * 1024;
/** A limited bandwidth sends in bursts of this length. */
const SLICE_MS = 10;
/**
 * The chance of a pause after a piece, so that sockets deliver it separately.
 */
const PAUSE_CHANCE = 0.25;

/** The end of a stream: a regular one, or a break. */
type Ending = "end" | "reset";

/** Bytes in transit, or the notice that their stream has ended. */
interface Chunk {
  readonly content: Uint8Array | Ending;
  readonly dueAt: number;
}

/** Options for a {@linkcode Pipe}. */
export interface PipeOptions {
  readonly from: ByteStream;
  readonly to: ByteStream;
  readonly random: Random;
  /** Returns the current conditions for the bytes. */
  readonly conditions: () => LinkConditions;
  /** Called when the notice has arrived that the sender was cut off. */
  readonly onReset: () => void;
}

/** One direction of a connection, under the conditions of the network. */
export class Pipe {
  lostBytes = 0;
  heldBytes = 0;
  readonly #options: PipeOptions;
  readonly #chunks: Chunk[] = [];
  /** Resolves at the next change that either loop waits for. */
  #changed = Promise.withResolvers<void>();
  /** Whether all bytes that are read from now on are lost. */
  #isLost = false;
  /** Whether the receiver is gone and accepts no more bytes. */
  #isReceiverGone = false;
  #isCut = false;
  #lastDueAt = 0;
  /** The time from which a limited bandwidth can send again. */
  #freeAt = 0;

  constructor(options: PipeOptions) {
    this.#options = options;
  }

  /** Whether bytes are held back or were lost. */
  get isDisturbed(): boolean {
    return this.#isLost || this.#chunks.length > 0;
  }

  /** Carries bytes until the sender has ended, or the pipe is cut. */
  async run(): Promise<void> {
    await Promise.all([this.#read(), this.#deliver()]);
  }

  /** Checks the conditions again. */
  wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** Loses everything from now on. */
  lose(): void {
    this.#isLost = true;
    this.wake();
  }

  /** Ends at once; the sender's stream must be closed, too. */
  cut(): void {
    this.#isCut = true;
    this.wake();
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(READ_BYTES);
    for (;;) {
      while (this.heldBytes >= CAPACITY_BYTES && !this.#isCut) {
        await this.#changed.promise;
      }
      const content = await this.#readOnce(buffer);
      this.#post(content);
      if (typeof content === "string") return;
      this.heldBytes += content.length;
    }
  }

  async #readOnce(buffer: Uint8Array): Promise<Chunk["content"]> {
    try {
      const bytes = await this.#options.from.read(buffer);
      return bytes === null ? "end" : buffer.slice(0, bytes);
    } catch {
      // The other side sees any error as a reset.
      return "reset";
    }
  }

  #post(content: Chunk["content"]): void {
    const { delayMs, jitterMs } = this.#options.conditions();
    const extraMs = jitterMs > 0 ? this.#options.random() * jitterMs : 0;
    const dueAt = world.now() + delayMs + extraMs;
    // Keep the order: no chunk is due before an earlier one.
    this.#lastDueAt = Math.max(this.#lastDueAt, dueAt);
    this.#chunks.push({ content, dueAt: this.#lastDueAt });
    this.wake();
  }

  async #deliver(): Promise<void> {
    while (!this.#isCut) {
      const [chunk] = this.#chunks;
      const conditions = this.#options.conditions();
      const waitMs = this.#waitMs(chunk, conditions);
      if (chunk === undefined || waitMs > 0) {
        await within(waitMs, this.#changed.promise);
        continue;
      }
      const { content } = chunk;
      if (typeof content === "string") return await this.#end(content);
      if (this.#isLost) this.lostBytes += this.#take(content, content.length);
      else await this.#pass(content, conditions);
    }
  }

  #waitMs(chunk: Chunk | undefined, conditions: LinkConditions): number {
    if (chunk === undefined) return Infinity;
    if (conditions.isLost) this.#isLost = true;
    if (this.#isLost) return 0;
    if (conditions.isHeld) return Infinity;
    return Math.max(chunk.dueAt, this.#freeAt) - world.now();
  }

  async #pass(bytes: Uint8Array, conditions: LinkConditions): Promise<void> {
    const { bytesPerSecond, pieceBytes } = conditions;
    const slice = Math.max(1, Math.floor(bytesPerSecond / 1_000 * SLICE_MS));
    const most = Math.min(bytes.length, slice);
    const length = pieceBytes < Infinity
      ? Math.min(most, randomInteger(this.#options.random, 1, pieceBytes))
      : most;
    const written = await this.#write(bytes.subarray(0, length));
    this.#take(bytes, written);
    if (bytesPerSecond < Infinity) {
      const startedAt = Math.max(world.now(), this.#freeAt);
      this.#freeAt = startedAt + written / bytesPerSecond * 1_000;
    }
    if (pieceBytes < Infinity) await this.#pauseBetweenPieces();
  }

  /**
   * Pauses now and then, since sockets would otherwise join the pieces again.
   */
  async #pauseBetweenPieces(): Promise<void> {
    if (this.#options.random() < PAUSE_CHANCE) {
      await within(1, this.#changed.promise);
    } else await world.nextTurn();
  }

  async #write(bytes: Uint8Array): Promise<number> {
    if (this.#isReceiverGone) return bytes.length;
    try {
      return await this.#options.to.write(bytes);
    } catch {
      // The sender learns of it through the other direction.
      this.#isReceiverGone = true;
      return bytes.length;
    }
  }

  /** Removes the first `length` of the first chunk's `bytes`. */
  #take(bytes: Uint8Array, length: number): number {
    if (this.#isCut) return 0;
    const { dueAt } = this.#chunks[0]!;
    if (length === bytes.length) this.#chunks.shift();
    else this.#chunks[0] = { content: bytes.subarray(length), dueAt };
    this.heldBytes -= length;
    this.wake();
    return length;
  }

  async #end(ending: Ending): Promise<void> {
    this.#chunks.shift();
    if (this.#isLost || this.#isReceiverGone) return;
    if (ending === "reset") return this.#options.onReset();
    // It fails if the receiver is gone, which then needs no notice.
    await this.#options.to.closeWrite().catch(() => {});
  }
}
