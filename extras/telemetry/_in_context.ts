import { type Context, context } from "@opentelemetry/api";

/**
 * The same value; the body of a generator runs in `within`, as the method did
 * that made it, though the call has been answered by then.
 */
export function inContext(within: Context, value: unknown): unknown {
  return isGenerator(value) ? run(within, value) : value;
}

/** What else can be iterated may be of a class that travels in its own way. */
function isGenerator(value: unknown): value is AsyncGenerator {
  return Object.prototype.toString.call(value) === "[object AsyncGenerator]";
}

async function* run(within: Context, generator: AsyncGenerator) {
  try {
    for (;;) {
      const step = await context.with(within, () => generator.next());
      if (step.done) return;
      yield step.value;
    }
  } finally {
    await context.with(within, () => generator.return(undefined));
  }
}
