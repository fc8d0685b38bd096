import { printLine } from "../../channel/report.ts";
import { parseAddress } from "../../transports/address.ts";
import { printable } from "../../transports/printable.ts";
import type { Container } from "../container.ts";
import { SpawnError } from "../errors.ts";
import { householdOf } from "../_container_internals.ts";
import { namedModules } from "./_modules.ts";
import { nearestConfig } from "./_nearest_config.ts";
import { permissionFlags } from "./_permission_flags.ts";
import type { SpawnedContainer, SpawnOptions } from "./contract.ts";
import type { SpawnClockSetup, SpawnCodec, SpawnSetup } from "./_setup.ts";
import { Spawned, type SpawnedOptions } from "./_spawned_container.ts";
import { SpawnedProcess } from "./_process.ts";
import { SpawnedWorker } from "./_worker.ts";
import { credentialsToText } from "./_credentials.ts";
import { chooseAddress, type SpawnAddress } from "./_address.ts";
import { spawnEnvironment } from "./_environment.ts";
import { planIdentity, type SpawnIdentity } from "./_identity.ts";
import { parseUtc } from "../clock/_time.ts";

const START_TIMEOUT_MS = 10_000;

/** How many ports are tried where any will do. */
const PORT_ATTEMPTS = 3;

/** A free port that other machines cannot reach. */
const ADDRESS = "tcp://127.0.0.1:0";

/**
 * Makes a container in a process or Worker of its own, with a {@linkcode Manager}
 * that only the connection of `parent` may use. Resolves when it can be used.
 *
 * It lives as long as `parent` and the connection between them: it ends when
 * either is gone, also when this process is killed. If it cannot start, or is
 * given up before it has, nothing is left of it.
 *
 * ```ts ignore
 * import { Container, spawnContainer } from "@denomas/denomas/agent";
 * import type { Bidder } from "./bidders.ts";
 *
 * await using container = await Container.create("tcp://127.0.0.1:0");
 * await using spawned = await spawnContainer(container, {
 *   kind: "process",
 *   modules: [import.meta.resolve("./bidders.ts")],
 * });
 * const bidder = await spawned.spawn<Bidder>("bidders:Bidder", 10);
 * await bidder.bid(8);
 * ```
 *
 * @throws {TypeError} If an option has a wrong type, or cannot be had together
 * with another, as permissions of a Worker; if `tls` cannot be used.
 * @throws {SerializationError} If the credentials are no plain data.
 * @throws {RangeError} If a time is out of range.
 * @throws {SpawnError} If it does not start within `startTimeoutMs`: its
 * process ends, a module cannot be loaded, the address is in use, or one of the
 * two does not trust the other.
 * @throws {ContainerClosedError} If `parent` is closed, or closes before.
 * @throws {unknown} The reason of the signal, if that aborts before.
 */
export async function spawnContainer(
  parent: Container,
  options: SpawnOptions,
): Promise<SpawnedContainer> {
  const { startTimeoutMs = START_TIMEOUT_MS, signal, onLog } = options;
  if (!(startTimeoutMs >= 0)) {
    throw new RangeError(
      `Cannot spawn a container: 'startTimeoutMs' is ${startTimeoutMs}, it must be 0 or more`,
    );
  }
  const { address = ADDRESS } = options;
  checkAddress(address);
  const until = performance.now() + startTimeoutMs;
  for (let attempt = 1;; attempt++) {
    const chosen = choose(address);
    const identity = await planIdentity(parent, chosen.address, options);
    const setup = planSetup(parent, options, chosen, identity);
    const startHost = await planHost(setup, options);
    householdOf(parent).checkOpen("spawn a container");
    signal?.throwIfAborted();
    const spawned = new Spawned({
      parent,
      setup,
      startHost,
      onLog: onLog ?? printLog,
      credentials: identity.credentials,
    });
    try {
      const leftMs = attempt === 1 ? startTimeoutMs : until - performance.now();
      await spawned.start(Math.max(0, leftMs), signal);
      return spawned;
    } catch (error) {
      // Somebody else took the port that was free.
      const mayRetry = chosen.hasChosenPort && attempt < PORT_ATTEMPTS;
      if (!mayRetry || !isAddressInUse(error)) throw error;
    }
  }
}

function choose(address: string): SpawnAddress {
  try {
    return chooseAddress(address);
  } catch (cause) {
    if (cause instanceof TypeError) throw cause;
    throw new SpawnError(
      `Cannot spawn a container at '${address}': no port can be had there`,
      { cause },
    );
  }
}

function isAddressInUse(error: unknown): boolean {
  return error instanceof SpawnError &&
    error.remoteName === "AddressInUseError";
}

/** What it prints may hold anything, and is to reach a terminal. */
function printLog(
  line: string,
  from: "stdout" | "stderr",
  address: string,
): void {
  printLine(`[${address}] ${printable(line, Infinity)}`, from);
}

function checkAddress(address: string): void {
  if (parseAddress(address).scheme !== "local") return;
  throw new TypeError(
    `Cannot spawn a container at '${address}': memory is not shared, use 'tcp://127.0.0.1:0' or 'ipc://[/path/to/socket]'`,
  );
}

function planSetup(
  parent: Container,
  options: SpawnOptions,
  { listens, address, publicHost }: SpawnAddress,
  { tls, credentials }: SpawnIdentity,
): SpawnSetup {
  const { modules, serializers = [], clock } = options;
  checkSerializers(parent, serializers);
  const codec = codecFor(parent, options);
  return {
    marker: crypto.randomUUID(),
    token: crypto.randomUUID(),
    listens,
    address,
    publicHost,
    parent: parent.address,
    modules: Object.fromEntries(namedModules(modules)),
    codec,
    serializers,
    clock: planClock(clock),
    tls,
    credentials: credentials === undefined
      ? null
      : credentialsToText(credentials, codec),
    authenticate: options.authenticate ?? null,
    allowConnect: options.allowConnect ?? null,
    credentialsFor: options.credentialsFor ?? null,
  };
}

/** Each type is a number on the wire, counted from the first serializer. */
function checkSerializers(parent: Container, names: readonly string[]): void {
  const { serializers } = householdOf(parent);
  if (serializers === names.length) return;
  throw new TypeError(
    `Cannot spawn a container: '${parent}' has ${serializers} serializers and it would have ${names.length}, name the same ones in 'serializers'`,
  );
}

function codecFor(parent: Container, { codec }: SpawnOptions): SpawnCodec {
  const { codecName } = householdOf(parent);
  const name = codec ?? codecName;
  if (name === codecName && (name === "json" || name === "msgpack")) {
    return name;
  }
  throw new TypeError(
    `Cannot spawn a container with codec '${name}': '${parent}' has '${codecName}', use 'json' or 'msgpack' for both`,
  );
}

function planClock(clock: SpawnOptions["clock"]): SpawnClockSetup | null {
  if (clock === undefined || clock === "system") return null;
  const { utcStart, initTime = 0 } = clock;
  const date = typeof utcStart === "string"
    ? new Date(parseUtc(utcStart))
    : utcStart;
  return { utcStart: date.toISOString(), initTime };
}

async function planHost(
  setup: SpawnSetup,
  { kind, permissions, env, flags = [] }: SpawnOptions,
): Promise<SpawnedOptions["startHost"]> {
  if (kind === "process") {
    const all = [
      ...await configFlags(setup, flags),
      ...permissionFlags(setup, permissions ?? {}),
      ...flags,
    ];
    const environment = spawnEnvironment({ env, permissions });
    return (options) =>
      new SpawnedProcess({ ...options, flags: all, env: environment });
  }
  const processOnly = {
    permissions,
    env,
    flags: flags.length > 0 ? flags : undefined,
  };
  for (const [name, value] of Object.entries(processOnly)) {
    if (value === undefined) continue;
    throw new TypeError(
      `Cannot spawn a Worker with '${name}': it is part of this process and has those of it, leave them out or spawn a process`,
    );
  }
  return (options) => new SpawnedWorker(options);
}

/** Deno itself looks beside its program, which is part of this package. */
async function configFlags(
  { modules }: SpawnSetup,
  flags: readonly string[],
): Promise<string[]> {
  if (flags.some((it) => /^(--config|-c|--no-config)($|=)/.test(it))) return [];
  for (const href of Object.values(modules)) {
    const config = await nearestConfig(href);
    if (config !== null) return [`--config=${config}`];
  }
  return [];
}
