import {
  type Attributes,
  type Context,
  context,
  type Histogram,
  type Meter,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
  type UpDownCounter,
} from "@opentelemetry/api";
import { world } from "../../transports/internal.ts";
import {
  describeFailure,
  methodAttributes,
  methodName,
  shortName,
  SYSTEM,
  UNKNOWN_METHOD,
} from "./_attributes.ts";
import { MethodLabels } from "./_method_labels.ts";

/** Seconds, as OpenTelemetry wants them for calls. */
const BOUNDARIES = [
  ...[0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1],
  ...[2.5, 5, 7.5, 10],
];

const KINDS = { client: SpanKind.CLIENT, server: SpanKind.SERVER } as const;

/** A call that a {@linkcode CallTracer} runs. */
export interface TracedCall {
  /** Whether this side makes the call or serves it. */
  readonly side: "client" | "server";
  readonly path: string;
  /** What only the span tells. */
  readonly attributes: Attributes;
  /** Where its span belongs. */
  readonly parent: Context;
}

/**
 * Makes a span and the measurements of each call. It relies on OpenTelemetry's
 * API, which never throws.
 */
export class CallTracer {
  readonly #tracer: Tracer;
  readonly #active: UpDownCounter;
  readonly #durations: Readonly<Record<TracedCall["side"], Histogram>>;
  readonly #ownName: ((path: string) => string) | undefined;
  readonly #labels = new MethodLabels();

  /** Names methods by `ownName`, if there is one and it returns text. */
  constructor(
    tracer: Tracer,
    meter: Meter,
    ownName: ((path: string) => string) | undefined,
  ) {
    this.#tracer = tracer;
    this.#ownName = ownName;
    this.#active = meter.createUpDownCounter("denomas.calls.active", {
      description: "Calls that are not answered yet",
      unit: "{call}",
    });
    this.#durations = {
      client: durations(meter, "client", "made"),
      server: durations(meter, "server", "served"),
    };
  }

  /** Runs `call`, which is given the context of its span, to its answer. */
  async run(
    { side, path, attributes, parent }: TracedCall,
    call: (within: Context) => Promise<unknown>,
  ): Promise<unknown> {
    let name = this.#nameOf(path);
    const span = this.#tracer.startSpan(name, {
      kind: KINDS[side],
      attributes: { ...SYSTEM, ...methodAttributes(name, path), ...attributes },
    }, parent);
    const within = trace.setSpan(parent, span);
    const startedAt = world.now();
    this.#active.add(1, { "denomas.side": side });
    let kind: string | null = null;
    try {
      return await context.with(within, call, undefined, within);
    } catch (error) {
      const failure = describeFailure(error);
      kind = failure.kind;
      // Or the method passes on that another one is unknown, which is rare.
      if (side === "server" && failure.isUnknownMethod) {
        name = UNKNOWN_METHOD;
        span.updateName(name);
        span.setAttributes(methodAttributes(name, path));
      }
      const { exception } = failure;
      span.setAttributes(failure.attributes);
      span.recordException(exception);
      const { message } = exception;
      span.setStatus({ code: SpanStatusCode.ERROR, message });
      throw error;
    } finally {
      span.end();
      this.#active.add(-1, { "denomas.side": side });
      this.#durations[side].record((world.now() - startedAt) / 1_000, {
        ...SYSTEM,
        "rpc.method": name === UNKNOWN_METHOD
          ? name
          : this.#labels.of(name, kind === null),
        ...kind !== null && { "error.type": kind },
      });
    }
  }

  #nameOf(path: string): string {
    if (this.#ownName === undefined) return shortName(methodName(path));
    try {
      const name: unknown = this.#ownName(path);
      if (typeof name === "string") return shortName(name);
      // An async function, say, whose rejection nobody else hears.
      Promise.resolve(name).catch(() => {});
    } catch {
      // The call goes on under the name that it has without.
    }
    return shortName(methodName(path));
  }
}

function durations(meter: Meter, side: string, done: string): Histogram {
  return meter.createHistogram(`rpc.${side}.call.duration`, {
    description: `How long calls took that were ${done}`,
    unit: "s",
    advice: { explicitBucketBoundaries: BOUNDARIES },
  });
}
