import {
  type Attributes,
  type Context,
  type Histogram,
  type Meter,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import { world } from "../../transports/internal.ts";
import {
  describeFailure,
  type Failure,
  methodAttributes,
  methodName,
  OTHER,
  shortName,
  SYSTEM,
} from "./_attributes.ts";
import type { CallEnd } from "./_follow.ts";
import { MethodLabels } from "./_method_labels.ts";

/**
 * The histogram boundaries that OpenTelemetry recommends for calls, in seconds.
 */
const BOUNDARIES = [
  ...[0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1],
  ...[2.5, 5, 7.5, 10],
];

const KINDS = { client: SpanKind.CLIENT, server: SpanKind.SERVER } as const;

/** A call that this side makes or serves. */
export interface TracedCall {
  /** Whether this side makes the call or serves it. */
  readonly side: "client" | "server";
  readonly path: string;
  /** Attributes for the span only, not for measurements. */
  readonly attributes: Attributes;
  /** The parent context of the span. */
  readonly parent: Context;
}

/** The span and the measurements of a call. */
export interface CallTrace {
  /** The context of the span. */
  readonly within: Context;
  /**
   * Ends the trace, when the call and the streams in its result have ended.
   * Call it once.
   */
  readonly end: (end: CallEnd) => void;
}

/**
 * Returns a function that starts the span and the measurements of a call.
 * `ownName` names its method. It relies on OpenTelemetry's API, which never
 * throws.
 */
export function callTracer(
  tracer: Tracer,
  meter: Meter,
  ownName: (path: string) => string = methodName,
): (call: TracedCall) => CallTrace {
  const active = meter.createUpDownCounter("denomas.calls.active", {
    description: "Calls that have not ended, with the streams in their results",
    unit: "{call}",
  });
  const durations = {
    client: durationOf(meter, "client", "made"),
    server: durationOf(meter, "server", "served"),
  };
  const labels = new MethodLabels();
  return ({ side, path, attributes, parent }) => {
    let name = nameOf(path, ownName);
    const span = tracer.startSpan(name, {
      kind: KINDS[side],
      attributes: { ...SYSTEM, ...methodAttributes(name, path), ...attributes },
    }, parent);
    const startedAt = world.now();
    active.add(1, { "denomas.side": side });
    const end = ({ items, failure }: CallEnd) => {
      if (items !== null) span.setAttribute("denomas.stream.items", items);
      const failed = failure === null ? null : describeFailure(failure.error);
      // The method may also have forwarded this error from another call, but
      // that is rare.
      if (side === "server" && failed?.isUnknownMethod) {
        name = OTHER;
        span.updateName(name);
        span.setAttributes(methodAttributes(name, path));
      }
      if (failed !== null) recordFailure(span, failed);
      span.end();
      active.add(-1, { "denomas.side": side });
      durations[side].record((world.now() - startedAt) / 1_000, {
        ...SYSTEM,
        "rpc.method": name === OTHER ? name : labels.of(name, failed === null),
        ...failed !== null && { "error.type": failed.kind },
      });
    };
    return { within: trace.setSpan(parent, span), end };
  };
}

function recordFailure(span: Span, { attributes, exception }: Failure): void {
  span.setAttributes(attributes);
  span.recordException(exception);
  const { message } = exception;
  span.setStatus({ code: SpanStatusCode.ERROR, message });
}

function nameOf(path: string, ownName: (path: string) => string): string {
  try {
    const name: unknown = ownName(path);
    if (typeof name === "string") return shortName(name);
    // The promise of an async function, say, whose rejection would be
    // unhandled.
    Promise.resolve(name).catch(() => {});
  } catch {
    // The call continues with its default name.
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
