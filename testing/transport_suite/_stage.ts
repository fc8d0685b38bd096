import { assert, assertEquals } from "@std/assert";
import { world } from "../../transports/internal.ts";
import type {
  ByteStream,
  Connection,
  Listener,
  Transport,
  TransportConnectOptions,
} from "../../transports/transport.ts";
import { afterHandshakes } from "./after_handshakes.ts";

/** A place where a test can listen. */
export interface TransportPlace {
  /** An unused address. */
  readonly address: string;
  /**
   * Removes resources that were made for the place, such as a temporary folder.
   */
  dispose?(): void | Promise<void>;
}

/** An obligation of a transport, and its test. */
export interface Obligation {
  /** The obligation in words, as the end of the test's name. */
  readonly title: string;
  /** The test. */
  run(stage: Stage): Promise<void>;
}

/** Obligations by name. */
export type Obligations = Readonly<Record<string, Obligation>>;

/** One end of a connection, as a test uses it. */
export class End {
  /** The connection itself. */
  readonly connection: Connection;
  /** The stream of the connection. */
  readonly stream: ByteStream;
  /** The number of bytes that the stream has accepted. */
  written = 0;
  #isClosed = false;

  /** Takes ownership of `connection`. */
  constructor(connection: Connection) {
    this.connection = connection;
    this.stream = connection.stream;
  }

  /** Writes all of `content`, in as many writes as necessary. */
  async write(content: Uint8Array | string): Promise<void> {
    let rest = asBytes(content);
    while (rest.length > 0) {
      const taken = await this.stream.write(rest);
      const isRight = taken > 0 && taken <= rest.length;
      assert(isRight, `A write of ${rest.length} bytes took ${taken}`);
      this.written += taken;
      rest = rest.subarray(taken);
    }
  }

  /** Reads as many bytes as `content` has, and asserts that they are equal. */
  async expect(content: Uint8Array | string): Promise<void> {
    const wanted = asBytes(content);
    const bytes = new Uint8Array(wanted.length);
    for (let at = 0; at < bytes.length;) {
      const into = bytes.subarray(at);
      const read = await this.stream.read(into);
      assert(read !== null, `Ended after ${at} of ${bytes.length} bytes`);
      const isRight = read >= 0 && read <= into.length;
      assert(isRight, `A read into ${into.length} bytes brought ${read}`);
      at += read;
    }
    // `assertEquals` takes minutes to diff long arrays.
    let same = 0;
    while (same < bytes.length && bytes[same] === wanted[same]) same++;
    assertEquals(same, bytes.length, "Other bytes after the first ones");
  }

  /** Asserts that the peer has ended its direction and no bytes are left. */
  async expectEnd(): Promise<void> {
    assertEquals(await this.stream.read(new Uint8Array(8)), null);
  }

  /** Reads until the end or an error. */
  async drain(): Promise<void> {
    const into = new Uint8Array(64 * 1024);
    while (await this.stream.read(into).catch(() => null) !== null);
  }

  /** Closes the stream, unless the test has already done so. */
  close(): void {
    if (!this.#isClosed) this.stream.close();
    this.#isClosed = true;
  }
}

function asBytes(content: Uint8Array | string): Uint8Array {
  return typeof content === "string"
    ? new TextEncoder().encode(content)
    : content;
}

/** Returns `count` mebibytes, each filled with its index. */
export function mebibytes(count: number): Uint8Array {
  const bytes = new Uint8Array(count * 2 ** 20);
  for (let n = 0; n < count; n++) bytes.fill(n, n * 2 ** 20, (n + 1) * 2 ** 20);
  return bytes;
}

/** A place to listen at, and everything that a test opens there. */
export class Stage implements AsyncDisposable {
  /** The transport under test. */
  readonly transport: Transport;
  /** The place to listen at. */
  readonly place: TransportPlace;
  readonly #listeners: Listener[] = [];
  readonly #ends: End[] = [];
  readonly #accepted: End[] = [];
  #onAccept: (() => void)[] = [];

  /** Creates a stage that owns `place`. */
  constructor(transport: Transport, place: TransportPlace) {
    this.transport = transport;
    this.place = place;
  }

  /**
   * Listens at the place or another address. {@linkcode accepted} returns the
   * accepted connections.
   */
  async listen(address: string = this.place.address): Promise<Listener> {
    const accept = afterHandshakes((connection) => {
      this.#accepted.push(this.#own(connection));
      for (const wake of this.#onAccept.splice(0)) wake();
    });
    const listener = await this.transport.listen(address, accept);
    this.#listeners.push(listener);
    return listener;
  }

  /** Attempts to connect once. */
  async connect(
    address: string,
    options: TransportConnectOptions = {},
  ): Promise<End> {
    return this.#own(await this.transport.connect(address, options));
  }

  #own(connection: Connection): End {
    const end = new End(connection);
    this.#ends.push(end);
    return end;
  }

  /** Resolves to the next accepted connection. */
  async accepted(): Promise<End> {
    while (this.#accepted.length === 0) {
      await new Promise<void>((resolve) => this.#onAccept.push(resolve));
    }
    return this.#accepted.shift()!;
  }

  /**
   * The number of connections that {@linkcode accepted} has not returned yet.
   */
  get acceptedCount(): number {
    return this.#accepted.length;
  }

  /** Connects to `address`; resolves to both ends. */
  async join(
    address: string,
    options: TransportConnectOptions = {},
  ): Promise<{ client: End; server: End }> {
    const client = await this.connect(address, options);
    return { client, server: await this.accepted() };
  }

  /** Listens and connects; resolves to both ends. */
  async pair(
    options: TransportConnectOptions = {},
  ): Promise<{ client: End; server: End; listener: Listener }> {
    const listener = await this.listen();
    return { listener, ...await this.join(listener.address, options) };
  }

  /**
   * Waits for some turns of the event loop, in which both sides can work.
   * Unlike a time, this does not depend on the speed of the machine.
   */
  async turns(count: number): Promise<void> {
    for (let turn = 0; turn < count; turn++) await world.nextTurn();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of this.#ends) end.close();
    for (const listener of this.#listeners) await listener.close();
    await this.place.dispose?.();
  }
}
