import { REFERENCE_PREFIX, STREAM_PREFIX } from "../../rpc/internal.ts";
import type { MessageDirection } from "../../channel/internal.ts";
import { printable } from "../../transports/printable.ts";
import { pathsIn, readWords, type RpcWords } from "./_rpc_words.ts";

/** Something of the other side's that is held, in words, and who asked. */
export interface Held {
  readonly what: string;
  /** Where the call was made, if that is traced. */
  readonly stack: string | null;
}

/** A call that waits for its answer. */
interface Asked extends RpcWords {
  readonly stack: string | null;
}

/** What one side of a connection asked for and holds. */
interface Side {
  readonly asked: Map<number, Asked>;
  /** Streams that are not at their end. */
  readonly streams: Map<number, Held>;
  /** How each reference came. */
  readonly origins: Map<number, string>;
  /** References that are kept, and how often. */
  readonly kept: Map<number, { readonly held: Held; times: number }>;
}

/**
 * Which streams and references of the other side each channel holds, read off
 * its messages: that is all that a server in another process shows.
 */
export class RpcLog {
  readonly #sides = new WeakMap<object, Side>();

  /** `channel` has sent or received a message, from where `stack` says. */
  message(
    channel: object,
    direction: MessageDirection,
    type: number,
    id: number,
    content: unknown,
    stack: string | null,
  ): void {
    const side = this.#sideOf(channel);
    if (type !== 0) {
      if (direction === "in") answered(side, id, type === 1, content);
      return;
    }
    const words = readWords(content);
    if (words === null) return;
    if (direction === "in") {
      note(side, content, `passed to ${nameOf(words.path)}`);
    } else {
      side.asked.set(id, { ...words, stack });
      sent(side, words, stack);
    }
  }

  /** What `channel` holds. */
  describe(channel: object): Held[] {
    const { streams, kept } = this.#sideOf(channel);
    return [
      ...streams.values(),
      ...[...kept.values()].map(({ held }) => held),
    ];
  }

  #sideOf(channel: object): Side {
    let side = this.#sides.get(channel);
    if (side === undefined) {
      side = {
        asked: new Map(),
        streams: new Map(),
        origins: new Map(),
        kept: new Map(),
      };
      this.#sides.set(channel, side);
    }
    return side;
  }
}

function sent(
  side: Side,
  { path, args }: RpcWords,
  stack: string | null,
): void {
  const key = keyOf(args[0]);
  if (path === "$/cancel") side.asked.delete(key);
  else if (path === "$/return") side.streams.delete(key);
  else if (path === "$/keep") keep(side, key, stack);
  else if (path === "$/release") release(side, key);
}

function answered(
  side: Side,
  id: number,
  isResult: boolean,
  content: unknown,
): void {
  const call = side.asked.get(id);
  // Nobody hears of an answer to a call that was given up.
  if (call === undefined) return;
  side.asked.delete(id);
  const { path, args, stack } = call;
  if (path === "$/next" && (!isResult || isLast(content))) {
    side.streams.delete(keyOf(args[0]));
  }
  if (!isResult) return;
  note(side, content, `returned by ${nameOf(path)}`);
  for (const stream of pathsIn(content, STREAM_PREFIX)) {
    side.streams.set(Number(stream.slice(STREAM_PREFIX.length)), {
      what: `open stream from ${
        nameOf(path)
      } (read it to its end, leave its loop or declare it with 'await using')`,
      stack,
    });
  }
}

/**
 * A method in words; one of a reference without the reference's number. The
 * path may be the other side's choice.
 */
function nameOf(path: string): string {
  if (!path.startsWith(REFERENCE_PREFIX)) return `'${printable(path)}'`;
  const slash = path.indexOf("/", REFERENCE_PREFIX.length);
  return slash === -1 ? "a function" : `'${printable(path.slice(slash + 1))}'`;
}

/** A key in a call, which may hold anything. */
function keyOf(value: unknown): number {
  return typeof value === "number" ? value : NaN;
}

/** Whether a batch is the last one of its stream. */
function isLast(content: unknown): boolean {
  return typeof content === "object" && content !== null &&
    "done" in content && content.done === true;
}

/** Notes how references came. */
function note(side: Side, content: unknown, origin: string): void {
  for (const path of pathsIn(content, REFERENCE_PREFIX)) {
    side.origins.set(Number(path.slice(REFERENCE_PREFIX.length)), origin);
  }
}

function keep(side: Side, key: number, stack: string | null): void {
  const kept = side.kept.get(key);
  if (kept !== undefined) {
    kept.times++;
    return;
  }
  const origin = side.origins.get(key) ?? "from the other side";
  side.kept.set(key, {
    held: {
      what:
        `kept reference ${origin} (declare what 'keep' returns with 'using', or dispose of it)`,
      stack,
    },
    times: 1,
  });
}

function release(side: Side, key: number): void {
  const kept = side.kept.get(key);
  if (kept !== undefined && --kept.times === 0) side.kept.delete(key);
}
