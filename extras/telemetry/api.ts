/**
 * The parts of OpenTelemetry's API that users may give. They are told by their
 * methods, so that one of any version 1 of `@opentelemetry/api` will do.
 */

/** A `Tracer` of `@opentelemetry/api`. */
export interface TracerLike {
  /** Begins a span, as `Tracer.startSpan` does. */
  startSpan(...args: never[]): object;
}

/** A `Meter` of `@opentelemetry/api`. */
export interface MeterLike {
  /** Makes a histogram, as `Meter.createHistogram` does. */
  createHistogram(...args: never[]): object;
  /** Makes a counter that goes both ways, as `Meter.createUpDownCounter` does. */
  createUpDownCounter(...args: never[]): object;
}

/** A `TextMapPropagator` of `@opentelemetry/api`. */
export interface PropagatorLike {
  /** Writes a context, as `TextMapPropagator.inject` does. */
  inject(...args: never[]): void;
  /** Reads a context, as `TextMapPropagator.extract` does. */
  extract(...args: never[]): object;
}
