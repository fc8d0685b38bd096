import { json } from "../../../channel/codecs/json/json.ts";
import { msgpack } from "../../../channel/codecs/msgpack/msgpack.ts";
import type { Serializer } from "../../../channel/codecs/types/serializer.ts";
import type { Remote } from "../../../rpc/remote.ts";
import { internalsOf } from "../../_container_internals.ts";
import { ExternalClock } from "../../clock/external_clock.ts";
import { Container } from "../../container.ts";
import { SpawnError } from "../../errors.ts";
import { GRACE_MS } from "../../supervision/_agent_lifecycle.ts";
import type { Control, SpawnSetup } from "../_control.ts";
import { loadExport, loadModule } from "../_modules.ts";
import { Manager } from "../manager.ts";

/** The container until it is open. */
let opening: Promise<Container> | null = null;

/** Whether an error that nobody caught is about to end this. */
let isCrashed = false;

/**
 * Opens the container of this process or Worker, with a manager, and resolves
 * when it is closed: by the parent, by `stop`, or by itself. Returns whether it
 * started and ended well.
 */
export async function runContainer(
  parent: Remote<Control>,
  token: string,
): Promise<boolean> {
  const setup = await parent.setup();
  const closing = parent.untilClosing().catch(() => GRACE_MS);
  let container: Container;
  let manager: Manager;
  try {
    container = await open(setup);
    const { modules } = setup;
    manager = await container.spawn(Manager, { modules, token });
    opening = null;
  } catch (error) {
    const { name, message } = error instanceof Error
      ? error
      : new Error(String(error));
    const remoteName = error instanceof SpawnError ? error.remoteName : null;
    await parent.failed(remoteName ?? name, message).catch(() => {});
    return false;
  }
  // If the parent is gone, `closing` resolves.
  parent.started().catch(() => {});
  const graceMs = await Promise.race([
    closing,
    manager.stopReceived.then(() => GRACE_MS),
    container.closed.then(() => GRACE_MS),
  ]);
  await container.close({ graceMs });
  const { by } = await container.closed;
  return by === "local";
}

async function open(setup: SpawnSetup): Promise<Container> {
  const modules = new Map(Object.entries(setup.modules));
  for (const href of new Set(modules.values())) await loadModule(href);
  const serializers: Serializer[] = [];
  for (const name of setup.serializers) {
    const loaded = await loadExport(modules, name);
    if (!isSerializer(loaded)) throw unusable(name, "a serializer");
    serializers.push(loaded);
  }
  const functions: Record<string, unknown> = {};
  for (const [option, name] of setup.functions) {
    const loaded = await loadExport(modules, name);
    if (typeof loaded !== "function") throw unusable(name, "a function");
    functions[option] = loaded;
  }
  const { clock } = setup;
  if (isCrashed) await new Promise(() => {});
  opening = Container.create(setup.listens, {
    publicHost: setup.publicHost ?? undefined,
    codec: setup.codecName === "json" ? json() : msgpack(),
    serializers,
    clock: clock === null
      ? undefined
      : new ExternalClock(clock.utcStart, clock),
    tls: setup.tls ?? undefined,
    credentials: setup.credentials ?? undefined,
    ...functions,
  });
  const container = await opening;
  // The parent may pass on its own agents, wherever they are.
  internalsOf(container).context.access.name(setup.parent);
  return container;
}

function isSerializer(value: unknown): value is Serializer {
  return typeof value === "object" && value !== null &&
    "serialize" in value && "deserialize" in value;
}

function unusable(name: string, wanted: string): SpawnError {
  return new SpawnError(`Cannot use '${name}': it is not ${wanted}`);
}

/**
 * Takes errors that nobody catches: prints each, and ends this process or Worker
 * with code 1. A container that is being opened is closed first, since its Unix
 * socket would leave files behind.
 */
export function onUncaught(
  print: (text: string) => void,
  end: (code: number) => void,
): void {
  const crash = async (error: unknown) => {
    isCrashed = true;
    const text = error instanceof Error ? error.stack : undefined;
    print(`error: Uncaught ${text ?? error}\n`);
    const container = await opening?.catch(() => null);
    await container?.close({ graceMs: 0 });
    end(1);
  };
  addEventListener("error", (event) => {
    event.preventDefault();
    crash((event as ErrorEvent).error);
  });
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    crash((event as PromiseRejectionEvent).reason);
  });
}
