import {
  type Attributes,
  type Context,
  context,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import { asError, toPlainFailure } from "../rpc/_failure.ts";
import {
  errorAttributes,
  errorKind,
  methodAttributes,
  SYSTEM,
  UNKNOWN_METHOD,
} from "./_attributes.ts";
import type { Instruments, Side } from "./_instruments.ts";

/** What a {@linkcode TracedCall} is made with. */
export interface TracedCallOptions {
  readonly tracer: Tracer;
  readonly instruments: Instruments;
  readonly side: Side;
  readonly path: string;
  /** What spans and metrics call the method. */
  readonly name: string;
  /** What only the span tells. */
  readonly attributes: Attributes;
  /** Where its span belongs. */
  readonly parent: Context;
}

const KINDS = { client: SpanKind.CLIENT, server: SpanKind.SERVER } as const;

/** The span and the measurements of one call, which begin when it is made. */
export class TracedCall {
  /** The context in which the call runs. */
  readonly context: Context;
  readonly #options: TracedCallOptions;
  readonly #span: Span;
  readonly #startedAt = performance.now();
  readonly #measured: (durationMs: number, attributes: Attributes) => void;

  constructor(options: TracedCallOptions) {
    const { tracer, instruments, side, path, name, parent } = options;
    this.#options = options;
    this.#span = tracer.startSpan(name, {
      kind: KINDS[side],
      attributes: {
        ...SYSTEM,
        ...methodAttributes(name, path),
        ...options.attributes,
      },
    }, parent);
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
    const { name, path } = this.#options;
    const span = this.#span;
    if (isUnknown) {
      span.updateName(UNKNOWN_METHOD);
      span.setAttributes(methodAttributes(UNKNOWN_METHOD, path));
    }
    span.setAttributes(errorAttributes(error));
    span.recordException(error);
    span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
    this.#end(isUnknown ? UNKNOWN_METHOD : name, {
      "error.type": errorKind(error),
    });
  }

  #end(name: string, attributes: Attributes): void {
    this.#span.end();
    this.#measured(performance.now() - this.#startedAt, {
      ...SYSTEM,
      "rpc.method": name,
      ...attributes,
    });
  }
}
