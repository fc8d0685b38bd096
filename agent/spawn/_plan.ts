import { TypeTable } from "../../channel/codecs/types/type_table.ts";
import { describeValue } from "../../channel/message.ts";
import { printLine } from "../../channel/report.ts";
import { formatAddress, parseAddress } from "../../transports/address.ts";
import { randomName } from "../../transports/socket_file.ts";
import { printable } from "../../transports/printable.ts";
import { tlsAsText } from "../../transports/tls/credentials.ts";
import type { TlsOptions } from "../../transports/tls/options.ts";
import { isWildcard, publicAddress } from "../address.ts";
import type {
  ContainerContext,
  ResolvedContainerOptions,
} from "../_container_context.ts";
import { internalsOf } from "../_container_internals.ts";
import { parseUtc } from "../clock/_time.ts";
import type { Container } from "../container.ts";
import { SpawnError } from "../errors.ts";
import {
  NAMED_OPTIONS,
  type OnLog,
  PLAIN_OPTIONS,
  type SpawnOptions,
} from "./contract.ts";
import type { SpawnSetup } from "./_control.ts";
import { namedModules } from "./_modules.ts";
import { nameOption } from "./_permission_hint.ts";
import { planProcess, type ProcessPlan } from "./_process_plan.ts";

/** The decisions made before a container is spawned. */
export interface SpawnPlan {
  /** The address at which others reach the container. */
  readonly address: string;
  readonly setup: SpawnSetup;
  /** The TLS options of the container; `null` for none. */
  readonly tls: TlsOptions | null;
  /** Whether these are the parent's options. */
  readonly inheritsTls: boolean;
  /** The plan of the container's process; `null` for a Worker. */
  readonly process: ProcessPlan | null;
  readonly onLog: OnLog;
}

/**
 * Plans a container.
 *
 * @throws {TypeError} If an option has a wrong type, or conflicts with another
 * option.
 * @throws {SerializationError} If the credentials are not plain data.
 * @throws {SpawnError} If no port is free on its host.
 * @throws {unknown} The error that a function for credentials throws.
 */
export async function planSpawn(
  parent: Container,
  options: SpawnOptions & { readonly address: string },
): Promise<SpawnPlan> {
  const { context } = internalsOf(parent);
  const { options: own, tls: ofParent = null } = context;
  // A container without credentials is a sandbox, so it gets no TLS key either.
  const { tls = options.credentials === null ? null : ofParent } = options;
  checkContainer(parent, own, options);
  if (options.transports !== undefined && tls !== null) {
    throw new TypeError(
      "Cannot spawn a container with both 'transports' and TLS: a key cannot be passed on to transports, set 'tls' to null or leave 'transports' out",
    );
  }
  if (options.kind === "worker") checkWorker(options);
  const { address, ...place } = choosePlace(options);
  const { serializers = [] } = options;
  const setup: SpawnSetup = {
    ...place,
    temporaryName: randomName(),
    parent: parent.address,
    modules: Object.fromEntries(namedModules(options.modules)),
    codecName: own.codec.name,
    serializers,
    named: pickGiven(NAMED_OPTIONS, options),
    plain: {
      ...pickGiven(PLAIN_OPTIONS, own),
      ...pickGiven(PLAIN_OPTIONS, options),
    },
    clock: clockStart(options.clock),
    seed: options.seed ?? childSeed(context, options),
    tls: await planTls(parent, ofParent, address, tls),
    credentials: await planCredentials(own, address, options),
  };
  const isProcess = options.kind === "process";
  const onLog: OnLog = options.onLog ?? ((line, from) => {
    // The line is untrusted, and may be printed to a terminal.
    const text = printable(line, Infinity);
    printLine(`[${address}] ${isProcess ? nameOption(text) : text}`, from);
  });
  const process = isProcess ? await planProcess(setup, options) : null;
  const inheritsTls = tls !== null && options.tls === undefined;
  return { address, setup, process, onLog, tls, inheritsTls };
}

/** Returns the options with these names that are not `undefined`. */
function pickGiven<K extends string, T extends { readonly [N in K]?: unknown }>(
  names: readonly K[],
  options: T,
): Partial<Pick<T, K>> {
  const given = names.filter((name) => options[name] !== undefined);
  return Object.fromEntries(given.map((it) => [it, options[it]])) as Partial<
    Pick<T, K>
  >;
}

/** Where a container listens, and the address at which others reach it. */
interface Place extends Pick<SpawnSetup, "listens" | "publicHost"> {
  readonly address: string;
}

/**
 * Chooses the container's address. A free port is chosen here, since a spawned
 * container could report any address, and its parent connects to that address.
 */
function choosePlace(
  { address, publicHost }: Pick<SpawnOptions, "publicHost"> & {
    readonly address: string;
  },
): Place {
  const parsed = parseAddress(address);
  if ("path" in parsed) return { address, listens: address };
  if (parsed.scheme !== "tcp" || !("host" in parsed)) {
    throw new TypeError(
      `Cannot spawn a container at '${address}': memory is not shared, use 'tcp://127.0.0.1:0' or 'ipc://[/path/to/socket]'`,
    );
  }
  const { host } = parsed;
  const port = parsed.port === 0 ? freePort(address, host) : parsed.port;
  const listens = formatAddress({ scheme: "tcp", host, port });
  if (publicHost === undefined && !isWildcard(host)) {
    return { address: listens, listens };
  }
  const shown = publicAddress(listens, publicHost);
  return {
    address: shown,
    listens,
    publicHost: publicHost ?? new URL(shown).hostname,
  };
}

function freePort(address: string, hostname: string): number {
  try {
    using listener = Deno.listen({ hostname, port: 0 });
    return listener.addr.port;
  } catch (cause) {
    throw new SpawnError(
      `Cannot spawn a container at '${address}': no port is free there`,
      { cause },
    );
  }
}

function checkContainer(
  parent: Container,
  given: ResolvedContainerOptions,
  options: SpawnOptions,
): void {
  const codecName = given.codec.name;
  const isOwn = codecName !== "json" && codecName !== "msgpack";
  if (isOwn && options.codec === undefined) {
    throw new TypeError(
      `Cannot spawn a container with codec '${codecName}': it must be loaded there, name an export of 'modules' that is the codec in 'codec'`,
    );
  }
  // Types are numbered on the wire, in the order of the serializers.
  const named = options.serializers?.length ?? 0;
  // Every container also has the date serializer.
  const serializers = given.serializers.length - 1;
  if (named === serializers) return;
  throw new TypeError(
    `Cannot spawn a container: '${parent}' has ${serializers} serializers and it would have ${named}, name the same ones in 'serializers'`,
  );
}

/**
 * With a seeded parent or a simulated clock, derives a repeatable seed for the
 * child.
 */
function childSeed(
  context: ContainerContext,
  { clock = "system" }: SpawnOptions,
): number | undefined {
  const repeats = context.isSeeded || clock !== "system";
  return repeats ? context.childSeed() : undefined;
}

function clockStart(clock: SpawnOptions["clock"]): SpawnSetup["clock"] {
  if (clock === undefined || clock === "system") return null;
  if (typeof clock !== "object") {
    throw new TypeError(
      `Cannot use ${
        describeValue(clock)
      } as 'clock': it must be "system" or '{ utcStart: … }'`,
    );
  }
  const { utcStart, initTime = 0 } = clock;
  const date = typeof utcStart === "string" ? parseUtc(utcStart) : utcStart;
  return { utcStart: new Date(date).toISOString(), initTime };
}

/** Checks that parent and child agree on TLS, and reads the files. */
async function planTls(
  parent: Container,
  ofParent: TlsOptions | null,
  address: string,
  tls: TlsOptions | null,
): Promise<SpawnSetup["tls"]> {
  // Unix sockets do not use TLS.
  const isTcp = address.startsWith("tcp:");
  if (!isTcp || (tls === null) === (ofParent === null)) {
    return tls ? await tlsAsText(tls) : undefined;
  }
  throw new TypeError(
    `Cannot spawn a container at '${address}' ${
      tls === null
        ? `without TLS: '${parent}' uses it over TCP, give it 'tls' of its own (only one with credentials gets that of its parent)`
        : `with TLS: '${parent}' does not use it, give 'tls' to both`
    } or use 'ipc://[/path/to/socket]'`,
  );
}

async function planCredentials(
  own: ResolvedContainerOptions,
  address: string,
  options: SpawnOptions,
): Promise<unknown> {
  const { credentials = own.credentials } = options;
  const shown = typeof credentials === "function"
    ? await credentials(address)
    : credentials;
  // Throws if they cannot be encoded with the container's codec.
  const { carries } = own.codec;
  new TypeTable([], { carries }).pack(shown ?? null);
  return shown ?? undefined;
}

function checkWorker({ permissions, env, flags = [] }: SpawnOptions): void {
  const given = { permissions, env, flags: flags[0] };
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    throw new TypeError(
      `Cannot spawn a Worker with '${name}': it is part of this process and has those of it, leave them out or spawn a process`,
    );
  }
}
