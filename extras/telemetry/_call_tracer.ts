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
} from "@opentelemetry/api";
import { world } from "../../transports/internal.ts";
import {
  describeFailure,
  methodAttributes,
  methodName,
  OTHER,
  shortName,
  SYSTEM,
} from "./_attributes.ts";
import { MethodLabels } from "./_method_labels.ts";

/** Seconds, as OpenTelemetry wants them for calls. */
const BOUNDARIES = [
  ...[0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1],
  ...[2.5, 5, 7.5, 10],
];

const KINDS = { client: SpanKind.CLIENT, server: SpanKind.SERVER } as const;

/** A call that a {@linkcode TraceCall} runs. */
export interface TracedCall {
  /** Whether this side makes the call or serves it. */
  readonly side: "client" | "server";
  readonly path: string;
  /** What only the span tells. */
  readonly attributes: Attributes;
  /** Where its span belongs. */
  readonly parent: Context;
}

/** Runs `run`, which is given the context of the call's span, to its answer. */
export type TraceCall = (
  call: TracedCall,
  run: (within: Context) => Promise<unknown>,
) => Promise<unknown>;

/**
 * Returns what makes a span and the measurements of each call, whose method
 * `ownName` names. It relies on OpenTelemetry's API, which never throws.
 */
export function callTracer(
  tracer: Tracer,
  meter: Meter,
  ownName: (path: string) => string = methodName,
): TraceCall {
  const active = meter.createUpDownCounter("denomas.calls.active", {
    description: "Calls that are not answered yet",
    unit: "{call}",
  });
  const durations = {
    client: durationOf(meter, "client", "made"),
    server: durationOf(meter, "server", "served"),
  };
  const labels = new MethodLabels();
  return async ({ side, path, attributes, parent }, run) => {
    let name = nameOf(path, ownName);
    const span = tracer.startSpan(name, {
      kind: KINDS[side],
      attributes: { ...SYSTEM, ...methodAttributes(name, path), ...attributes },
    }, parent);
    const within = trace.setSpan(parent, span);
    const startedAt = world.now();
    active.add(1, { "denomas.side": side });
    let kind: string | null = null;
    try {
      return await context.with(within, run, undefined, within);
    } catch (error) {
      const failure = describeFailure(error);
      kind = failure.kind;
      // Or the method passes on that another one is unknown, which is rare.
      if (side === "server" && failure.isUnknownMethod) {
        name = OTHER;
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
      active.add(-1, { "denomas.side": side });
      durations[side].record((world.now() - startedAt) / 1_000, {
        ...SYSTEM,
        "rpc.method": name === OTHER ? name : labels.of(name, kind === null),
        ...kind !== null && { "error.type": kind },
      });
    }
  };
}

function nameOf(path: string, ownName: (path: string) => string): string {
  try {
    const name: unknown = ownName(path);
    if (typeof name === "string") return shortName(name);
    // An async function, say, whose rejection nobody else hears.
    Promise.resolve(name).catch(() => {});
  } catch {
    // The call goes on under the name that it has without.
  }
  return shortName(methodName(path));
}

function durationOf(meter: Meter, side: string, done: string): Histogram {
  return meter.createHistogram(`rpc.${side}.call.duration`, {
    description: `How long calls took that were ${done}`,
    unit: "s",
    advice: { explicitBucketBoundaries: BOUNDARIES },
  });
}
