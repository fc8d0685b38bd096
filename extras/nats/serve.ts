import type {
  Msg,
  NatsConnection,
  Subscription,
} from "@nats-io/transport-node";
import { isAsyncIterable, jsonOf } from "../../rpc/http/json_result.ts";
import { callOnce } from "../../rpc/http/one_call.ts";
import { shownError, statusOf } from "../../rpc/http/shown_error.ts";
import {
  type RpcServer,
  type RpcServerOptions,
  startServer,
} from "../../rpc/server.ts";
import {
  describe,
  type ServiceDescription,
} from "../../rpc/service/describe.ts";
import { DoorSlot } from "../../transports/door_slot.ts";
import { world } from "../../transports/internal.ts";
import type { Transport } from "../../transports/transport.ts";
import { argumentsIn, bearerOf, refuse } from "./_call_requests.ts";
import { EndpointStats } from "./_endpoint_stats.ts";
import { type Endpoint, serviceReports } from "./_service_reports.ts";

/** Options for {@linkcode serveOnNats}. */
export interface ServeOnNatsOptions extends RpcServerOptions {
  /** The name of the service: letters, digits, `-` and `_`. */
  readonly name: string;
  /** The version of the service, such as `1.0.0`. */
  readonly version: string;
  /**
   * A description of the service.
   *
   * @default {""}
   */
  readonly description?: string | undefined;
  /**
   * The prefix of the subjects of its methods.
   *
   * @default {the name}
   */
  readonly prefix?: string | undefined;
  /**
   * The maximum size of a request, in bytes.
   *
   * @default {1_048_576}
   */
  readonly maxBodyBytes?: number | undefined;
}

/**
 * The queue group, whose members share the requests, as for other NATS
 * services.
 */
const QUEUE = "q";

const MAX_BODY_BYTES = 1_024 * 1_024;

/**
 * Serves `service` to any client of NATS. A request to `name.method` with the
 * arguments as a JSON list is handled like any other call, with the same
 * `authenticate`, middleware, schemas, limits and masking of errors. Monitors
 * find the service with `$SRV.PING`, `$SRV.INFO` and `$SRV.STATS`. Several
 * processes that serve the same name share the calls.
 *
 * The answer is the result as JSON. The answer to a failed call has the headers
 * `Nats-Service-Error` and `Nats-Service-Error-Code`, with HTTP status codes,
 * and the content `{ "error": … }`. The `credentials` for `authenticate` are
 * the token of the header `Authorization: Bearer …`.
 *
 * A request is not a connection: its answer may get lost, and NATS does not
 * know whether the call has run. Between programs with denomas, use
 * {@linkcode natsTransport}. `nats` stays open when the server closes.
 *
 * @throws {TypeError} If a name or version has the wrong form, or `service`
 * exposes nothing.
 * @throws {RangeError} If an option or a limit is out of range.
 */
export async function serveOnNats(
  nats: NatsConnection,
  service: object,
  options: ServeOnNatsOptions,
): Promise<RpcServer> {
  const { name, version, prefix = name } = options;
  checkForm("name", name, /^[\w-]+$/);
  checkForm("version", version, /^\d+\.\d+\.\d+([-+][\w.+-]+)?$/);
  checkForm("prefix", prefix, /^[\w-]+(\.[\w-]+)*$/);
  const door = new NatsDoor(nats, service, options);
  return await startServer(door.address, service, {
    ...options,
    transports: [door],
  });
}

function checkForm(what: string, text: string, form: RegExp): void {
  if (form.test(text)) return;
  throw new TypeError(`Cannot serve on NATS: '${what}' is '${text}'`);
}

/** A transport whose connections are single requests. */
class NatsDoor implements Transport {
  readonly scheme = "nats-request";
  readonly address: string;
  readonly #nats: NatsConnection;
  readonly #options: ServeOnNatsOptions;
  readonly #endpoints: readonly Endpoint[];
  readonly #id = world.uuid().replaceAll("-", "");
  readonly #slot: DoorSlot;
  #subscriptions: Subscription[] = [];

  constructor(
    nats: NatsConnection,
    service: object,
    options: ServeOnNatsOptions,
  ) {
    const { name, prefix = name } = options;
    this.#nats = nats;
    this.#options = options;
    this.#endpoints = [...pathsOf(describe(service))].map((path) => ({
      path,
      subject: `${prefix}.${path.replaceAll("/", ".")}`,
      stats: new EndpointStats(),
    }));
    this.address = `${this.scheme}://${name}-${this.#id}`;
    this.#slot = new DoorSlot(this.address);
  }

  async listen(
    ...[address, accept]: Parameters<Transport["listen"]>
  ): ReturnType<Transport["listen"]> {
    const listener = await this.#slot.listen(address, accept);
    for (const endpoint of this.#endpoints) {
      this.#subscribe(
        endpoint.subject,
        QUEUE,
        (message) => void this.#answer(endpoint, message),
      );
    }
    const { name, version, description } = this.#options;
    const reports = serviceReports({
      ...{ name, version, description, id: this.#id, queue: QUEUE },
      started: new Date(world.wallNow()).toISOString(),
      endpoints: this.#endpoints,
    });
    for (const [verb, reply] of Object.entries(reports)) {
      for (const subject of this.#monitored(verb)) {
        this.#subscribe(
          subject,
          undefined,
          (message) => void message.respond(JSON.stringify(reply())),
        );
      }
    }
    await this.#nats.flush();
    return {
      ...listener,
      close: async () => {
        const ended = this.#subscriptions.splice(0).map((it) => it.drain());
        // They reject if the connection has already ended.
        await Promise.allSettled(ended);
        await listener.close();
      },
    };
  }

  connect(address: string): Promise<never> {
    return Promise.reject(
      new TypeError(`Cannot connect to '${address}': send it requests`),
    );
  }

  #subscribe(
    subject: string,
    queue: string | undefined,
    take: (message: Msg) => void,
  ): void {
    const subscription = this.#nats.subscribe(subject, {
      ...(queue !== undefined && { queue }),
      callback: (error, message) => {
        if (error === null) take(message);
      },
    });
    this.#subscriptions.push(subscription);
  }

  async #answer({ path, stats }: Endpoint, message: Msg): Promise<void> {
    const end = stats.begin();
    try {
      message.respond(await this.#call(path, message));
      end(null);
    } catch (error) {
      const shown = shownError(error);
      end(`${shown.name}: ${shown.message}`);
      refuse(message, statusOf(error), shown);
    }
  }

  /** Returns the result of a call as JSON. */
  async #call(path: string, message: Msg): Promise<string> {
    const { maxBodyBytes = MAX_BODY_BYTES } = this.#options;
    const args = argumentsIn(message.data, maxBodyBytes);
    const { accept } = this.#slot;
    if (accept === null) throw new TypeError("The service has closed");
    const { result, close } = await callOnce({
      accept,
      address: this.address,
      far: { remoteAddress: `${this.address}#request` },
      path,
      args,
      credentials: bearerOf(message),
      signal: new AbortController().signal,
    });
    try {
      if (!isAsyncIterable(result)) return jsonOf(path, result);
      throw new TypeError(
        "Cannot answer: the result is a stream; call it over 'natsTransport'",
      );
    } finally {
      await close();
    }
  }

  /** Returns the subjects of requests from monitors. */
  #monitored(verb: string): string[] {
    const { name } = this.#options;
    return ["", `.${name}`, `.${name}.${this.#id}`]
      .map((it) => `$SRV.${verb}${it}`);
  }
}

/** Yields the paths of all methods whose names can be parts of subjects. */
function* pathsOf(
  { methods, services }: ServiceDescription,
  above = "",
): Generator<string> {
  const isWord = (name: string) => /^[\w-]+$/.test(name);
  for (const name of Object.keys(methods)) {
    if (isWord(name)) yield above + name;
  }
  for (const [name, child] of Object.entries(services)) {
    if (isWord(name)) yield* pathsOf(child, `${above}${name}/`);
  }
}
