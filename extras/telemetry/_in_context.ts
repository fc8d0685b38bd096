import { type Context, context } from "@opentelemetry/api";

/**
 * The same value; the body of a generator runs in `within`, as the method did
 * that made it, though the call has been answered by then.
 */
export function inContext(within: Context, value: unknown): unknown {
  return isGenerator(value) ? new ContextIterator(within, value) : value;
}

/** What else can be iterated may be of a class that travels in its own way. */
function isGenerator(value: unknown): value is AsyncGenerator {
  return Object.prototype.toString.call(value) === "[object AsyncGenerator]";
}

/**
 * Another generator would not do: it does not pass on that it was left before its
 * first item.
 */
class ContextIterator implements AsyncIterableIterator<unknown> {
  readonly #within: Context;
  readonly #generator: AsyncGenerator;

  constructor(within: Context, generator: AsyncGenerator) {
    this.#within = within;
    this.#generator = generator;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<unknown>> {
    return context.with(this.#within, () => this.#generator.next());
  }

  return(): Promise<IteratorResult<unknown>> {
    return context.with(this.#within, () => this.#generator.return(undefined));
  }
}
