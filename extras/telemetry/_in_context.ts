import { type Context, context } from "@opentelemetry/api";

/**
 * The same value; the body of a generator runs in `within`, as the method did
 * that made it, though the call has been answered by then.
 */
export function inContext(within: Context, value: unknown): unknown {
  return isGenerator(value) ? new BoundGenerator(within, value) : value;
}

/** What else can be iterated may be of a class that travels in its own way. */
function isGenerator(value: unknown): value is AsyncGenerator {
  return Object.prototype.toString.call(value) === "[object AsyncGenerator]";
}

/** A class, as a plain object would travel as data. */
class BoundGenerator implements AsyncIterableIterator<unknown> {
  readonly #context: Context;
  readonly #generator: AsyncGenerator;

  constructor(within: Context, generator: AsyncGenerator) {
    this.#context = within;
    this.#generator = generator;
  }

  next(): Promise<IteratorResult<unknown>> {
    return context.with(this.#context, () => this.#generator.next());
  }

  return(value?: unknown): Promise<IteratorResult<unknown>> {
    return context.with(this.#context, () => this.#generator.return(value));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
