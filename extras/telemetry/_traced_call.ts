import {
  type Attributes,
  type Context,
  context,
  INVALID_SPAN_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import { asError, toPlainFailure } from "../../rpc/internal.ts";
import {
  errorAttributes,
  errorKind,
  exceptionOf,
  methodAttributes,
  OTHER_ERROR,
  SYSTEM,
  UNKNOWN_METHOD,
} from "./_attributes.ts";
import type { Guard } from "./_guard.ts";
import type { Instruments, Side } from "./_instruments.ts";
import type { MethodLabels } from "./_method_labels.ts";
import { world } from "../../transports/internal.ts";

/** What a {@linkcode TracedCall} is made with. */
export interface TracedCallOptions {
  readonly tracer: Tracer;
  readonly instruments: Instruments;
  readonly guard: Guard;
  readonly labels: MethodLabels;
  readonly side: Side;
  readonly path: string;
  /** What spans and metrics call the method. */
  readonly name: string;
  /** What only the span tells. */
  readonly attributes: Attributes;
  /** Where its span belongs. */
  readonly parent: Context;
}

/** Stands in for a span that could not be begun. */
const NO_SPAN: Span = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);

const KINDS = { client: SpanKind.CLIENT, server: SpanKind.SERVER } as const;

/** The span and the measurements of one call, which begin when it is made. */
export class TracedCall {
  /** The context in which the call runs. */
  readonly context: Context;
  readonly #options: TracedCallOptions;
  readonly #span: Span;
  readonly #startedAt = world.now();
  readonly #measured: (durationMs: number, attributes: Attributes) => void;

  constructor(options: TracedCallOptions) {
    const { tracer, instruments, guard, side, path, name, parent } = options;
    this.#options = options;
    const begin = () =>
      tracer.startSpan(name, {
        kind: KINDS[side],
        attributes: {
          ...SYSTEM,
          ...methodAttributes(name, path),
          ...options.attributes,
        },
      }, parent);
    this.#span = guard.value(begin, isSpan, NO_SPAN);
    this.context = trace.setSpan(parent, this.#span);
    this.#measured = instruments.call(side);
  }

  /**
   * Runs the call to its answer. `isUnknown` tells by an error that there is no
   * such method.
   */
  async run(
    call: () => Promise<unknown>,
    isUnknown: (error: Error) => boolean = () => false,
  ): Promise<unknown> {
    let result: unknown;
    try {
      result = await context.with(this.context, call);
    } catch (error) {
      // Anything can be thrown, also what cannot become text.
      const told = asError(error) ?? toPlainFailure(error);
      this.#fail(told, isUnknown(told));
      throw error;
    }
    this.#end(this.#options.name, {});
    return result;
  }

  #fail(error: Error, isUnknown: boolean): void {
    const { guard, name, path } = this.#options;
    const span = this.#span;
    if (isUnknown) {
      guard.run(() => span.updateName(UNKNOWN_METHOD));
      guard.run(() =>
        span.setAttributes(methodAttributes(UNKNOWN_METHOD, path))
      );
    }
    guard.run(() => span.setAttributes(errorAttributes(error)));
    guard.run(() => span.recordException(exceptionOf(error)));
    guard.run(() => {
      const { message } = exceptionOf(error);
      span.setStatus({ code: SpanStatusCode.ERROR, message });
    });
    const kind = guard.value(() => errorKind(error), isText, OTHER_ERROR);
    this.#end(isUnknown ? UNKNOWN_METHOD : name, { "error.type": kind });
  }

  #end(name: string, attributes: Attributes): void {
    const { guard, labels } = this.#options;
    guard.run(() => this.#span.end());
    const isAnswered = attributes["error.type"] === undefined;
    this.#measured(world.now() - this.#startedAt, {
      ...SYSTEM,
      "rpc.method": name === UNKNOWN_METHOD
        ? name
        : labels.of(name, isAnswered),
      ...attributes,
    });
  }
}

function isSpan(span: Span): boolean {
  return typeof span?.end === "function";
}

function isText(text: unknown): boolean {
  return typeof text === "string";
}
