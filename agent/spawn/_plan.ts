import { json } from "../../channel/codecs/json/json.ts";
import { msgpack } from "../../channel/codecs/msgpack/msgpack.ts";
import { TypeTable } from "../../channel/codecs/types/type_table.ts";
import { printLine } from "../../channel/report.ts";
import { printable } from "../../transports/printable.ts";
import { tlsAsText } from "../../transports/tls/credentials.ts";
import type { TlsOptions } from "../../transports/tls/options.ts";
import { internalsOf } from "../_container_internals.ts";
import { parseUtc } from "../clock/_time.ts";
import type { Container } from "../container.ts";
import type { SpawnAddress } from "./_address.ts";
import { findConfig } from "./_config.ts";
import type { OnLog, SpawnOptions } from "./contract.ts";
import type { SpawnSetup } from "./_control.ts";
import { spawnEnvironment } from "./_environment.ts";
import { type StartHost, startProcess, startWorker } from "./_host.ts";
import { namedModules } from "./_modules.ts";
import { permissionFlags } from "./_permission_flags.ts";

/** The decisions that are made before a container is spawned. */
export interface SpawnPlan {
  /** The address of the container. */
  readonly address: string;
  readonly setup: SpawnSetup;
  readonly startHost: StartHost;
  readonly onLog: OnLog;
  /** Advice for the error of a failed start, if there is any. */
  readonly hint: string | null;
}

/**
 * Plans a container at `at`.
 *
 * @throws {TypeError} If an option has a wrong type, or does not fit another.
 * @throws {SerializationError} If the credentials are not plain data.
 * @throws {unknown} The error that a function for credentials throws.
 */
export async function planSpawn(
  parent: Container,
  options: SpawnOptions,
  { address, listens, publicHost }: SpawnAddress,
): Promise<SpawnPlan> {
  const codecName = internalsOf(parent).context.options.codec.name;
  checkContainer(parent, options);
  const setup: SpawnSetup = {
    listens,
    publicHost,
    parent: parent.address,
    modules: Object.fromEntries(namedModules(options.modules)),
    codecName,
    serializers: options.serializers ?? [],
    clock: clockStart(options.clock),
    tls: await planTls(parent, address, options),
    credentials: await planCredentials(parent, address, options),
    functions: exportNames(options),
  };
  const onLog: OnLog = options.onLog ?? ((line, from) => {
    // The line may hold anything, and reaches a terminal.
    printLine(`[${address}] ${printable(line, Infinity)}`, from);
  });
  const host = options.kind === "process"
    ? await planProcess(setup, options)
    : planWorker(address, options);
  return { address, setup, onLog, ...host };
}

function checkContainer(parent: Container, options: SpawnOptions): void {
  const { options: given } = internalsOf(parent).context;
  const codecName = given.codec.name;
  if (codecName !== "json" && codecName !== "msgpack") {
    throw new TypeError(
      `Cannot spawn a container with codec '${codecName}': only 'json' and 'msgpack' can be named to another process, give '${parent}' one of them`,
    );
  }
  // Types are numbers on the wire, counted from the first serializer.
  const named = options.serializers?.length ?? 0;
  // Every container also has the serializer of dates.
  const serializers = given.serializers.length - 1;
  if (named === serializers) return;
  throw new TypeError(
    `Cannot spawn a container: '${parent}' has ${serializers} serializers and it would have ${named}, name the same ones in 'serializers'`,
  );
}

function clockStart(clock: SpawnOptions["clock"]): SpawnSetup["clock"] {
  if (clock === undefined || clock === "system") return null;
  const { utcStart, initTime = 0 } = clock;
  const date = typeof utcStart === "string" ? parseUtc(utcStart) : utcStart;
  return { utcStart: new Date(date).toISOString(), initTime };
}

/** A container without credentials is a sandbox, and gets no key either. */
async function planTls(
  parent: Container,
  address: string,
  options: SpawnOptions,
): Promise<TlsOptions | null> {
  const ofParent = internalsOf(parent).context.options.tls ?? null;
  const { tls = options.credentials === null ? null : ofParent } = options;
  // Connections over Unix sockets go without TLS.
  const isTcp = address.startsWith("tcp:");
  if (!isTcp || (tls === null) === (ofParent === null)) {
    return tls && await tlsAsText(tls);
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
  parent: Container,
  address: string,
  options: SpawnOptions,
): Promise<unknown> {
  const { options: ofParent } = internalsOf(parent).context;
  const { credentials = ofParent.credentials } = options;
  const shown = typeof credentials === "function"
    ? await credentials(address)
    : credentials;
  // They are shown in the codec of the container.
  const { carries } = ofParent.codec.name === "json" ? json() : msgpack();
  new TypeTable([], { carries }).pack(shown ?? null);
  return shown ?? undefined;
}

/** The exports that are options of the container. */
function exportNames(
  { authenticate, allowConnect, credentialsFor }: SpawnOptions,
): SpawnSetup["functions"] {
  const names = { authenticate, allowConnect, credentialsFor };
  return Object.entries(names).filter((it): it is [string, string] =>
    it[1] !== undefined
  );
}

async function planProcess(
  { listens, parent, modules }: SpawnSetup,
  { permissions = {}, env, flags = [] }: SpawnOptions,
): Promise<Pick<SpawnPlan, "startHost" | "hint">> {
  const hrefs = new Set(Object.values(modules));
  const hasConfig = flags.some((it) =>
    /^(--config|-c|--no-config)($|=)/.test(it)
  );
  const { path, denied } = await findConfig(hasConfig ? [] : hrefs);
  const flagsFor = (...connects: string[]) => [
    ...path === null || hasConfig ? [] : [`--config=${path}`],
    ...permissionFlags(permissions, { listens, connects }),
    ...flags,
  ];
  // Wrong permissions are to be refused before anything starts.
  flagsFor();
  const environment = spawnEnvironment({ env, permissions });
  return {
    startHost: (point, onLine) =>
      startProcess(point, onLine, {
        modules: hrefs,
        env: environment,
        flags: flagsFor(parent, point.address),
      }),
    hint: denied === null || hasConfig
      ? null
      : `it has no configuration, since this process may not read '${denied}': allow that, or set '--config=…' or '--no-config' in 'flags'`,
  };
}

function planWorker(
  address: string,
  { permissions, env, flags = [] }: SpawnOptions,
): Pick<SpawnPlan, "startHost" | "hint"> {
  const given = { permissions, env, flags: flags[0] };
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    throw new TypeError(
      `Cannot spawn a Worker with '${name}': it is part of this process and has those of it, leave them out or spawn a process`,
    );
  }
  return {
    startHost: (point, onLine) => startWorker(point, onLine, address),
    hint: null,
  };
}
