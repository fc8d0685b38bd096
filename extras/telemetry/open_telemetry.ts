import {
  type Context,
  context,
  defaultTextMapSetter,
  type Meter,
  metrics,
  propagation,
  ROOT_CONTEXT,
  type TextMapGetter,
  type TextMapPropagator,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import type { MeterLike, PropagatorLike, TracerLike } from "./api.ts";
import type { OnError } from "../../channel/report.ts";
import type { CallOptions } from "../../rpc/call.ts";
import { MethodNotFoundError } from "../../rpc/errors.ts";
import type { MadeCall, ServedCall } from "../../rpc/middleware.ts";
import { addressTeller, methodName, shortName } from "./_attributes.ts";
import { Guard } from "./_guard.ts";
import { inContext } from "./_in_context.ts";
import { Instruments } from "./_instruments.ts";
import { MethodLabels } from "./_method_labels.ts";
import type { Telemetry } from "./telemetry.ts";
import { TracedCall } from "./_traced_call.ts";

/** Options for {@linkcode openTelemetry}. */
export interface OpenTelemetryOptions {
  /**
   * What makes the spans.
   *
   * @default {the one named `denomas` of the global provider}
   */
  readonly tracer?: TracerLike | undefined;
  /**
   * What makes the instruments of the metrics.
   *
   * @default {the one named `denomas` of the provider that is global by now}
   */
  readonly meter?: MeterLike | undefined;
  /**
   * How the context travels in the `meta` of calls.
   *
   * @default {the global one}
   */
  readonly propagator?: PropagatorLike | undefined;
  /**
   * What spans and metrics call the method at a path. There should be few
   * names: each is a series of its own in the metrics, up to 1,000 names; all
   * others are `_OTHER` there. Where it throws, or returns no text, the default
   * is used.
   *
   * @default {the path, with `*` for the ids of agents and callbacks}
   */
  readonly methodName?: ((path: string) => string) | undefined;
  /**
   * Hears of the first failure of what is given here, or registered with
   * OpenTelemetry; calls go on without being recorded.
   *
   * @default {one line on stderr}
   */
  readonly onError?: OnError | undefined;
}

/** How long a part of a context may be that a peer sends, in UTF-16 units. */
const MAX_META_UNITS = 8_192;

/** The other side may send anything. */
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
 * Makes a span of each call, and measures calls and connections, by the API of
 * OpenTelemetry. Where nothing is registered with that, as in Deno without
 * `OTEL_DENO=true`, nothing is recorded.
 *
 * A call that is made has a client span, whose context travels in the call's
 * `meta` to a peer with denomas's extensions; there the server span is its
 * child. A peer without gets the call as it is. A span ends with the answer: the
 * items of a stream come after it.
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
  const tracer = (options.tracer ?? trace.getTracer("denomas")) as Tracer;
  const meter = (options.meter ?? metrics.getMeter("denomas")) as Meter;
  const propagator = (options.propagator ?? propagation) as TextMapPropagator;
  const guard = new Guard(options.onError);
  const nameOf = (path: string) =>
    shortName(
      options.methodName === undefined ? methodName(path) : guard.value(
        () => options.methodName!(path),
        (name) => typeof name === "string",
        methodName(path),
      ),
    );
  const instruments = new Instruments(meter, guard);
  const parts = { tracer, instruments, guard, labels: new MethodLabels() };
  const [serverAt, peerAt] = [
    addressTeller("server"),
    addressTeller("network.peer"),
  ];

  const made = ({ path, remoteAddress }: MadeCall) =>
    new TracedCall({
      ...parts,
      side: "client",
      path,
      name: nameOf(path),
      attributes: serverAt(remoteAddress),
      parent: context.active(),
    });

  const served = ({ path, remoteAddress, meta }: ServedCall) =>
    new TracedCall({
      ...parts,
      side: "server",
      path,
      name: nameOf(path),
      attributes: peerAt(remoteAddress),
      // What was active as the request arrived has nothing to do with it.
      parent: guard.value(
        () => propagator.extract(ROOT_CONTEXT, meta, metaGetter),
        isContext,
        ROOT_CONTEXT,
      ),
    });

  return {
    calls(call, next) {
      const traced = made(call);
      const carrier: Record<string, string> = {};
      guard.run(() =>
        propagator.inject(traced.context, carrier, defaultTextMapSetter)
      );
      const changed = withMeta(call.options, carrier);
      return traced.run(() => next({ options: changed }));
    },
    async requests(call, next) {
      const traced = served(call);
      const result = await traced.run(next, isUnknownMethod);
      return inContext(traced.context, result);
    },
    connections: ({ closed }) => instruments.connection(closed),
  };
}

/** Without a context to tell, a call need not wait for what the peer can do. */
function withMeta(
  options: CallOptions,
  carrier: Readonly<Record<string, string>>,
): CallOptions {
  if (Object.keys(carrier).length === 0) return options;
  return { ...options, meta: { ...options.meta, ...carrier } };
}

function isContext(context: Context): boolean {
  return typeof context?.getValue === "function" &&
    typeof context.setValue === "function";
}

/** Or the method passes on that another one is unknown, which is rare. */
function isUnknownMethod(error: Error): boolean {
  return error instanceof MethodNotFoundError;
}
