import {
  context,
  metrics,
  propagation,
  ROOT_CONTEXT,
  type TextMapGetter,
  trace,
} from "@opentelemetry/api";
import type { CallOptions } from "../../rpc/call.ts";
import { addressTeller } from "./_attributes.ts";
import { callTracer } from "./_call_tracer.ts";
import { followMade, followServed } from "./_follow.ts";
import { inContext } from "./_in_context.ts";
import type { Telemetry } from "./telemetry.ts";

/** Options for {@linkcode openTelemetry}. */
export interface OpenTelemetryOptions {
  /**
   * Returns the name of the method at a path, for spans and metrics. Keep the
   * number of names small: each is its own series in the metrics. After 1,000
   * names, all others are recorded as `_OTHER` in the metrics. If the function
   * throws or returns no string, the default is used.
   *
   * @default {the path, with `*` for the ids of agents and callbacks}
   */
  readonly methodName?: ((path: string) => string) | undefined;
}

/** The maximum length of a trace context field from a peer, in UTF-16 units. */
const MAX_META_UNITS = 8_192;

/** Reads trace context from `meta`, which the peer may fill with any values. */
const metaGetter: TextMapGetter<Readonly<Record<string, unknown>>> = {
  keys: (meta) => Object.keys(meta),
  get(meta, key) {
    const value = Object.hasOwn(meta, key) ? meta[key] : undefined;
    return typeof value === "string" && value.length <= MAX_META_UNITS
      ? value
      : undefined;
  },
};

/**
 * Records a span for each call, and metrics of calls and connections, with the
 * OpenTelemetry API and the providers that are registered when this runs. If
 * none are registered, as in Deno without `OTEL_DENO=true`, nothing is
 * recorded.
 *
 * An outgoing call has a client span, whose context is sent in the call's
 * `meta` to a peer with denomas's extensions, where the server span becomes its
 * child. A peer without extensions gets the call unchanged. A span ends with
 * the answer, or with the last stream in it.
 *
 * ```ts
 * import { openConnection, service, startServer } from "@denomas/denomas/rpc";
 * import { openTelemetry } from "@denomas/denomas/telemetry";
 * import { assertEquals } from "@std/assert";
 *
 * const telemetry = openTelemetry();
 * const adder = service({ add: (a: number, b: number) => a + b });
 * await using server = await startServer("local://spans", adder, {
 *   middleware: { requests: [telemetry.requests], connections: [telemetry.connections] },
 * });
 * await using client = await openConnection<typeof adder>(server.address, {
 *   middleware: { calls: [telemetry.calls] },
 * });
 * assertEquals(await client.remote.add(1, 2), 3);
 * ```
 */
export function openTelemetry(options: OpenTelemetryOptions = {}): Telemetry {
  const meter = metrics.getMeter("denomas");
  const tracer = trace.getTracer("denomas");
  const traceCall = callTracer(tracer, meter, options.methodName);
  const active = meter.createUpDownCounter("denomas.connections.active", {
    description: "Connections that are open",
    unit: "{connection}",
  });
  const serverAt = addressTeller("server");
  const peerAt = addressTeller("network.peer");
  return {
    calls({ path, remoteAddress, options }, next) {
      const { within, end } = traceCall({
        side: "client",
        path,
        attributes: serverAt(remoteAddress),
        parent: context.active(),
      });
      const carrier: Record<string, string> = {};
      propagation.inject(within, carrier);
      const carrying = withMeta(options, carrier);
      return context.with(within, () => followMade(carrying, next, end));
    },
    async requests(call, next) {
      const { path, remoteAddress, meta } = call;
      const { within, end } = traceCall({
        side: "server",
        path,
        attributes: peerAt(remoteAddress),
        // The context that was active when the request arrived is unrelated to
        // it.
        parent: propagation.extract(ROOT_CONTEXT, meta, metaGetter),
      });
      return inContext(
        within,
        await context.with(within, () => followServed(call, next, end)),
      );
    },
    connections({ closed }) {
      active.add(1);
      closed.then(() => active.add(-1));
    },
  };
}

/**
 * Adds the trace context to the options of a call. Without a context the
 * options stay unchanged, because a call with `meta` waits until the extensions
 * of the peer are known.
 */
function withMeta(
  options: CallOptions,
  carrier: Readonly<Record<string, string>>,
): CallOptions {
  if (Object.keys(carrier).length === 0) return options;
  return { ...options, meta: { ...options.meta, ...carrier } };
}
