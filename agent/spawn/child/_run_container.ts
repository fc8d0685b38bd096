import type { Serializer } from "../../../channel/codecs/types/serializer.ts";
import type { Authenticate } from "../../../rpc/authenticate.ts";
import { Container, type ContainerOptions } from "../../container.ts";
import { ExternalClock } from "../../clock/external_clock.ts";
import { householdOf } from "../../_container_internals.ts";
import { Manager } from "../manager.ts";
import { loadExport, loadModule } from "../_modules.ts";
import { GRACE_MS } from "../../supervision/_agent_lifecycle.ts";
import { codecNamed } from "../_spawn_codec.ts";
import { credentialsFromText } from "../_credentials.ts";
import type { SpawnReport, SpawnSetup } from "../_setup.ts";
import { SpawnError } from "../../errors.ts";

/** What joins a spawned container with its parent. */
export interface ParentLine {
  readonly setup: Promise<SpawnSetup>;
  /** Resolves when the parent wants the end, or has ended, to the time for it. */
  readonly closeWithinMs: Promise<number>;
  /** Tells the parent how the start went. */
  report(report: SpawnReport): void;
}

/**
 * Makes a container with a manager, and resolves when it is closed: by its
 * parent, by `stop`, or by itself. Tells whether all went well.
 */
export async function runHome(line: ParentLine): Promise<boolean> {
  const setup = await line.setup;
  let home: Home;
  try {
    home = await openHome(setup);
  } catch (error) {
    line.report(failure(error));
    return false;
  }
  const { container, manager } = home;
  line.report({ kind: "started" });
  const graceMs = await Promise.race([
    line.closeWithinMs,
    manager.stopReceived.then(() => GRACE_MS),
    container.closed.then(() => GRACE_MS),
  ]);
  await container.close({ graceMs });
  const { by } = await container.closed;
  return by === "local";
}

interface Home {
  readonly container: Container;
  readonly manager: Manager;
}

async function openHome(setup: SpawnSetup): Promise<Home> {
  const modules = new Map(Object.entries(setup.modules));
  for (const href of new Set(modules.values())) await loadModule(href);
  const container = await Container.create(setup.listens, {
    publicHost: setup.publicHost ?? undefined,
    codec: codecNamed(setup.codec),
    serializers: await loadSerializers(modules, setup.serializers),
    clock: setup.clock === null
      ? undefined
      : new ExternalClock(setup.clock.utcStart, setup.clock),
    tls: setup.tls ?? undefined,
    credentials: setup.credentials === null
      ? undefined
      : credentialsFromText(setup.credentials, setup.codec),
    authenticate: await loadFunction<Authenticate>(modules, setup.authenticate),
    allowConnect: await loadFunction<AddressGuard>(modules, setup.allowConnect),
    credentialsFor: await loadFunction<AddressGuard>(
      modules,
      setup.credentialsFor,
    ),
  });
  // It is told of its parent's agents, wherever those are.
  householdOf(container).name(setup.parent);
  const manager = await container.spawn(Manager, {
    modules: setup.modules,
    token: setup.token,
  });
  return { container, manager };
}

async function loadSerializers(
  modules: ReadonlyMap<string, string>,
  names: readonly string[],
): Promise<Serializer[]> {
  const serializers: Serializer[] = [];
  for (const name of names) {
    const loaded = await loadExport(modules, name);
    if (!isSerializer(loaded)) {
      throw new SpawnError(`Cannot use '${name}': it is no serializer`);
    }
    serializers.push(loaded);
  }
  return serializers;
}

function isSerializer(value: unknown): value is Serializer {
  return typeof value === "object" && value !== null &&
    "serialize" in value && "deserialize" in value;
}

/** Says yes or no to an address. */
type AddressGuard = NonNullable<ContainerOptions["allowConnect"]>;

/** The function of this name, if there is one to load. */
async function loadFunction<T>(
  modules: ReadonlyMap<string, string>,
  name: string | null,
): Promise<T | undefined> {
  if (name === null) return undefined;
  const loaded = await loadExport(modules, name);
  // What it takes and returns is for its author to know.
  if (typeof loaded === "function") return loaded as T;
  throw new SpawnError(`Cannot use '${name}': it is no function`);
}

function failure(error: unknown): SpawnReport {
  const { name, message } = error instanceof Error
    ? error
    : new Error(String(error));
  const remoteName = error instanceof SpawnError ? error.remoteName : undefined;
  return { kind: "failed", name: remoteName ?? name, message };
}
