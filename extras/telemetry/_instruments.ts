import type {
  Attributes,
  Histogram,
  Meter,
  UpDownCounter,
} from "@opentelemetry/api";
import type { Guard } from "./_guard.ts";

/** Seconds, as OpenTelemetry wants them for calls. */
const BOUNDARIES = [
  ...[0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1],
  ...[2.5, 5, 7.5, 10],
];

/** Which side of a call, or of a connection's calls. */
export type Side = "client" | "server";

/** What is measured. */
export class Instruments {
  readonly #guard: Guard;
  readonly #durations: Readonly<Record<Side, Histogram>>;
  readonly #calls: UpDownCounter;
  readonly #connections: UpDownCounter;

  constructor(meter: Meter, guard: Guard) {
    this.#guard = guard;
    this.#durations = {
      client: durations(meter, "client", "made"),
      server: durations(meter, "server", "served"),
    };
    this.#calls = meter.createUpDownCounter("denomas.calls.active", {
      description: "Calls that are not answered yet",
      unit: "{call}",
    });
    this.#connections = meter.createUpDownCounter(
      "denomas.connections.active",
      { description: "Connections that are open", unit: "{connection}" },
    );
  }

  /** Counts a call until what is returned is called at its end. */
  call(side: Side): (durationMs: number, attributes: Attributes) => void {
    const attributes = { "denomas.side": side };
    this.#guard.run(() => this.#calls.add(1, attributes));
    return (durationMs, ending) => {
      this.#guard.run(() => this.#calls.add(-1, attributes));
      this.#guard.run(() =>
        this.#durations[side].record(durationMs / 1_000, ending)
      );
    };
  }

  /** Counts a connection until `closed`. */
  connection(closed: Promise<unknown>): void {
    this.#guard.run(() => this.#connections.add(1));
    closed.then(() => this.#guard.run(() => this.#connections.add(-1)));
  }
}

function durations(meter: Meter, side: Side, done: string): Histogram {
  return meter.createHistogram(`rpc.${side}.call.duration`, {
    description: `How long calls took that were ${done}`,
    unit: "s",
    advice: { explicitBucketBoundaries: BOUNDARIES },
  });
}
