import type { CloseOptions } from "../../channel/channel.ts";
import { pause } from "../../channel/internal.ts";
import { AddressInUseError } from "../../transports/errors.ts";
import type { CtxChannelOptions } from "../ctx_contract.ts";
import type { ResourceScope } from "./_resource_scope.ts";

/** The grace period of handlers when their step ends, in milliseconds. */
export const GRACE_MS = 250;

/**
 * The number of attempts of a server to get its port again, and the pause
 * between them. The system may have given the port to a connection of another
 * program.
 */
const PORT_TRIES = 200;
const PORT_PAUSE_MS = 25;

/** The part of a server that a step needs. */
interface StepServer {
  readonly address: string;
  close(options?: CloseOptions): Promise<void>;
}

/** A kind of servers and clients (see {@linkcode makeVerbs}). */
interface Kind<Service, ServerOptions, Options, Server, Client> {
  /**
   * Names of the server, the client and the object with the verbs, for errors.
   */
  readonly names: Readonly<Record<"server" | "client" | "verbs", string>>;
  /** Owns the servers and clients. */
  readonly scope: ResourceScope;
  readonly nextAddress: () => string;
  /** Returns the options of the step, which those of the test override. */
  readonly options: () => CtxChannelOptions;
  start(
    address: string,
    service: Service,
    options: ServerOptions,
  ): Promise<Server>;
  connect(address: string, options: Options): Promise<Client>;
}

/** Returns the verbs of a step for one kind of servers and clients. */
export function makeVerbs<
  Service,
  ServerOptions,
  Options,
  Server extends StepServer,
  Client extends { close(): Promise<void> },
>(kind: Kind<Service, ServerOptions, Options, Server, Client>) {
  const { names, scope } = kind;
  let last: { server: Server; start(address: string): Promise<Server> } | null =
    null;

  function lastStart(act: string): NonNullable<typeof last> {
    if (last !== null) return last;
    throw new TypeError(
      `Cannot ${act}: this step has started no ${names.server}, call '${names.verbs}.startServer' first`,
    );
  }

  async function startServer(
    service: Service,
    own?: ServerOptions,
  ): Promise<Server> {
    scope.check(`'${names.verbs}.startServer'`);
    const options = { ...kind.options(), ...own } as ServerOptions;
    const start = (address: string) =>
      scope.acquire(
        `${names.server} '${address}'`,
        () => kind.start(address, service, options),
        (server) => server.close({ graceMs: GRACE_MS }),
      );
    const server = await start(kind.nextAddress());
    last = { server, start };
    return server;
  }

  async function restartServer(): Promise<Server> {
    scope.check(`'${names.verbs}.restartServer'`);
    const { server, start } = lastStart("restart the server");
    await server.close({ graceMs: 0 });
    const again = await startAgain(start, server.address);
    last = { server: again, start };
    return again;
  }

  /**
   * Starts a server at an address that a connection may occupy for a moment.
   */
  async function startAgain(
    start: (address: string) => Promise<Server>,
    address: string,
  ): Promise<Server> {
    for (let tries = 1;; tries++) {
      try {
        return await start(address);
      } catch (error) {
        const isTaken = error instanceof AddressInUseError;
        if (!isTaken || tries === PORT_TRIES) throw error;
        await pause(PORT_PAUSE_MS, scope.ending);
      }
    }
  }

  async function connect(own?: Options): Promise<Client> {
    const { address } = lastStart("connect").server;
    const signal = scope.ending;
    const options = { signal, ...kind.options(), ...own } as Options;
    return await scope.acquire(
      `${names.client} '${address}'`,
      () => kind.connect(address, options),
      (client) => client.close(),
    );
  }

  async function startServerAndConnect(
    service: Service,
    { server, client }: { server?: ServerOptions; client?: Options } = {},
  ): Promise<Client> {
    await startServer(service, server);
    return await connect(client);
  }

  async function closeServer(options?: CloseOptions): Promise<void> {
    scope.check(`'${names.verbs}.closeServer'`);
    await lastStart("close the server").server.close(options);
  }

  return {
    startServer,
    restartServer,
    connect,
    startServerAndConnect,
    closeServer,
  };
}
