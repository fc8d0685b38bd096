import { type Context, context } from "@opentelemetry/api";

/**
 * Returns `value`, but wraps a generator so that its body runs in the context
 * `within`, like the method that created it, even after the call has been
 * answered.
 */
export function inContext(within: Context, value: unknown): unknown {
  return isGenerator(value) ? new ContextIterator(within, value) : value;
}

/**
 * Returns whether a value is a generator. Other iterables may be of classes
 * that are encoded in their own way.
 */
function isGenerator(value: unknown): value is AsyncGenerator {
  return Object.prototype.toString.call(value) === "[object AsyncGenerator]";
}

/**
 * Runs a generator in a context. Not itself a generator, because `return`
 * before the first `next` would not reach the wrapped generator.
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
