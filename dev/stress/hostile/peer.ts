import type { Connection } from "../../../transports/transport.ts";
import { mutate } from "../../../channel/fixtures/random.ts";
import type { Random } from "../../../testing/network/_random.ts";
import { deepCall, heavyKinds, heavyPayload, HOLE } from "./heavy.ts";
import { CANARY, type Known, learn } from "./known.ts";
import { Lies } from "./lies.ts";
import {
  answerTo,
  batchContent,
  callContent,
  controlContent,
  failureContent,
  helloContent,
  pathContent,
  type Plan,
  shapeContent,
} from "./messages.ts";
import { LANGUAGE_NAMES } from "./texts.ts";
import { decodeWire, encodeWire, type WireName } from "./wire.ts";

/** What hostile peers know of whom they attack. */
export interface Prey {
  /** The id of the custom type of references; `null` where there is none. */
  readonly typeId: number | null;
  /** Methods that anybody may call. */
  readonly plans: readonly Plan[];
  /** Paths of methods that nobody may call. */
  readonly forbidden: readonly string[];
  /** Addresses of agents of others. */
  readonly addresses: readonly string[];
}

/** What a {@linkcode HostilePeer} is made with. */
export interface HostilePeerOptions {
  readonly wire: WireName;
  readonly random: Random;
  readonly prey: Prey;
  /** A text that no peer may ever receive. */
  readonly secret: string;
  /** Counts a frame of a kind. */
  readonly count: (kind: string) => void;
  /** Hears of what must not have happened. */
  readonly breach: (what: string) => void;
  /**
   * Whether it answers by itself.
   *
   * @default {false}
   */
  readonly answersAtOnce?: boolean;
}

/** Kinds of frames with their weights, those that end the connection apart. */
const KINDS = [
  ["call", 39],
  ["path", 12],
  ["control", 14],
  ["hello", 3],
  ["shape", 4],
  ["answer", 16],
  ["stray answer", 12],
] as const;
/** One frame of so many is heavy, or ends the connection. */
const HEAVY_EVERY = 5_000;
const LAST_EVERY = 120;
/** How long a heavy frame is, in bytes. */
const HEAVY_BYTES = 300_000;
/** How many requests of the other side wait to be lied to. */
const MOST_ASKED = 100;

/**
 * One end of a connection that speaks the protocol well, and lies in it. Its
 * answers come when it is told to send, or never.
 */
export class HostilePeer {
  /** Resolves when the connection has ended. */
  readonly ended: Promise<void>;

  readonly #connection: Connection;
  readonly #options: HostilePeerOptions;
  readonly #lies: Lies;
  readonly #known: Known = {
    isExtended: false,
    asked: new Map(),
    references: [],
    streams: [],
  };
  readonly #decoder = new TextDecoder("latin1");
  #nextId = 0;
  #answers = 0;
  #isOpen = true;
  #resolveEnded: () => void;

  /** Takes the connection over, and begins to read. */
  constructor(connection: Connection, options: HostilePeerOptions) {
    this.#connection = connection;
    this.#options = options;
    const { random, prey } = options;
    this.#lies = new Lies({
      random,
      known: this.#known,
      typeId: prey.typeId,
      paths: prey.plans.map(([path]) => path),
      forbidden: prey.forbidden,
      addresses: prey.addresses,
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#resolveEnded = resolve;
    connection.start({
      frame: (payload) => this.#read(payload),
      written: () => {},
      end: () => this.#end(),
    });
  }

  /** Whether the other side has not cut it off. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** How many frames the other side has sent. */
  get answers(): number {
    return this.#answers;
  }

  /** Sends so many frames. */
  burst(count: number): void {
    for (let left = count; left > 0 && this.#isOpen; left--) {
      this.#sendKind(this.#kind());
    }
  }

  #sendKind(kind: string): void {
    this.#options.count(kind);
    this.#connection.send(this.#payload(kind));
  }

  /** Leaves at once, or ends its half first. */
  leave(): void {
    if (this.#lies.chance(0.5)) this.#connection.finish();
    else this.close();
  }

  /** Ends the connection. */
  close(): void {
    this.#connection.close();
    this.#end();
  }

  #end(): void {
    this.#isOpen = false;
    this.#resolveEnded();
  }

  #kind(): string {
    if (this.#nextId === 0 && this.#lies.chance(0.7)) return "hello";
    if (this.#lies.integer(1, HEAVY_EVERY) === 1) return "heavy";
    if (this.#lies.integer(1, LAST_EVERY) === 1) {
      return this.#lies.pick("message", "mutated", "deep", "id twice");
    }
    let at = this.#lies.integer(1, 100);
    for (const [kind, weight] of KINDS) {
      at -= weight;
      if (at <= 0) return kind;
    }
    return "call";
  }

  #payload(kind: string): Uint8Array {
    const { wire, random } = this.#options;
    switch (kind) {
      case "heavy":
        return heavyPayload(
          wire,
          this.#lies.pick(...heavyKinds(wire)),
          this.#heavyMessage(),
          HEAVY_BYTES,
        );
      case "deep":
        return deepCall(wire, this.#nextId++, this.#lies.integer(2, 3_000));
      case "mutated": {
        const right = encodeWire(wire, this.#message("call"));
        const bytes = mutate(right, random);
        return bytes.length > 0 ? bytes : right;
      }
      default:
        return encodeWire(wire, this.#message(kind));
    }
  }

  /** A call, an answer that is asked for, or a hello. */
  #heavyMessage(): unknown {
    const [[path]] = this.#plans as [Plan];
    const [[id] = [0]] = this.#known.asked;
    return this.#lies.pick<unknown>(
      this.#request([path, [HOLE], {}]),
      [1, id, { items: HOLE, done: false }],
      this.#request(["$/hello", [{ version: 1, features: HOLE }], {}]),
    );
  }

  #message(kind: string): unknown {
    const lies = this.#lies;
    switch (kind) {
      case "path":
        return this.#request(pathContent(lies));
      case "control":
        return this.#request(controlContent(lies));
      case "hello":
        return this.#request(helloContent(lies));
      case "shape":
        return this.#request(shapeContent(lies));
      case "answer":
        return this.#answer();
      case "stray answer":
        return lies.chance(0.8)
          ? [1, lies.integer(0, 20), lies.value()]
          : [2, lies.integer(0, 20), failureContent(lies)];
      case "message":
        return lies.pick<unknown>(
          lies.value(),
          [3, 0, null],
          [0, -1, null],
          [0, 0.5, null],
          [0, this.#nextId++],
          [null, null, null],
          [0, "0", null],
          [0, 2 ** 53, null],
        );
      case "id twice":
        return [
          0,
          Math.max(0, this.#nextId - 1),
          callContent(lies, this.#plans),
        ];
      default:
        return this.#request(callContent(lies, this.#plans));
    }
  }

  get #plans(): readonly Plan[] {
    return this.#options.prey.plans;
  }

  #request(content: unknown): unknown {
    return [0, this.#nextId++, content];
  }

  /** An answer to something that was asked, or a batch that nobody asked for. */
  #answer(): unknown {
    const lies = this.#lies;
    const [id] = this.#known.asked.keys();
    if (id === undefined) return [1, lies.integer(0, 20), batchContent(lies)];
    const asked = this.#known.asked.get(id)!;
    // Sometimes it will be answered again.
    if (lies.chance(0.95)) this.#known.asked.delete(id);
    const [type, content] = answerTo(lies, asked);
    return [type, id, content];
  }

  #read(payload: Uint8Array): void {
    this.#answers++;
    const { secret, wire, breach } = this.#options;
    if (this.#decoder.decode(payload).includes(secret)) {
      breach(`a peer was told what is not for it`);
    }
    const message = decodeWire(wire, payload);
    if (!Array.isArray(message)) return breach("a peer was sent no message");
    const [type, id, content] = message;
    learn(content, this.#known);
    if (isHelloAnswer(content)) this.#known.isExtended = true;
    if (type !== 0) return;
    const path = Array.isArray(content) ? String(content[0]) : "";
    const name = path.slice(path.lastIndexOf("/") + 1);
    if (LANGUAGE_NAMES.has(name) || path.startsWith(CANARY)) {
      breach(`the language called '${path}' of a peer`);
    }
    const { asked } = this.#known;
    asked.set(id, path);
    // The oldest of them is never answered.
    if (asked.size > MOST_ASKED) asked.delete(asked.keys().next().value!);
    if (this.#options.answersAtOnce && this.#lies.chance(0.8)) {
      queueMicrotask(() => this.#isOpen && this.#sendKind("answer"));
    }
  }
}

function isHelloAnswer(content: unknown): boolean {
  return typeof content === "object" && content !== null &&
    "features" in content;
}
