import { Container } from "@denomas/denomas/agent";
import { EngineAgent } from "@denomas/denomas/cluster";
import { natsProgram, NatsServer } from "../../extras/nats/fixtures/server.ts";
import { Program } from "../program.ts";
import { openEngine } from "./engine.ts";
import { openHouse } from "./house.ts";

/** Running houses. Disposal ends all of them. */
export interface Houses extends AsyncDisposable {
  /** The address of the engine. */
  readonly address: string;
  /** The NATS server that was started for the houses, if any. */
  readonly server: NatsServer | null;
  /** Opens a house in a separate process. */
  start(name: string): Promise<Program>;
}

/**
 * Prepares houses that share the engine at `given`. `"nats"` starts a NATS
 * server for it, and `"processes"` an agent in this process.
 *
 * @throws {Error} If `nats-server` is not installed.
 */
export async function startHouses(
  signal: AbortSignal,
  given: string,
): Promise<Houses> {
  await using stack = new AsyncDisposableStack();
  let server: NatsServer | null = null;
  let address = given;
  if (given === "nats") {
    const program = natsProgram(2, 11)!;
    server = stack.use(await NatsServer.start({ program }));
    address = server.url;
  } else if (given === "processes") {
    const hub = stack.use(await Container.create("tcp://127.0.0.1:0"));
    address = (await hub.spawn(EngineAgent)).address;
  }
  const shared = address;
  const open = stack.move();
  return {
    address: shared,
    server,
    start: async (name) => {
      const program = open.use(
        new Program({
          file: new URL("house.ts", import.meta.url),
          args: [shared, name],
          permissions: ["-A"],
          stdout: "piped",
          signal,
        }),
      );
      await program.firstLine();
      return program;
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

/** Opens houses in this process, with an engine in memory. */
export async function openHousesHere(names: readonly string[]) {
  await using stack = new AsyncDisposableStack();
  const engine = stack.use(await openEngine("memory"));
  for (const name of names) stack.use(await openHouse(engine, name));
  const open = stack.move();
  return { engine, [Symbol.asyncDispose]: () => open.disposeAsync() };
}
