import type { TlsOptions } from "../transports/tls/options.ts";
import type { LinkLease } from "./links/_links.ts";
import type { Supervisor } from "./supervision/_supervisor.ts";

/** What a container closes before it closes itself. */
export interface Dependent {
  /** Ends it within about `graceMs`. Never rejects. */
  close(options: { readonly graceMs: number }): Promise<void>;
}

/** What a container shows to the rest of this layer, and to nobody else. */
export interface Household {
  /** Its agents. */
  readonly supervisor: Supervisor;
  /** What it has spawned. */
  readonly dependents: Set<Dependent>;
  /** The name of its codec. */
  readonly codecName: string;
  /** What it speaks TLS with over TCP, if it does. */
  readonly tls: TlsOptions | undefined;
  /** What it shows to others. */
  readonly credentials: unknown;
  /** How many serializers it was given. */
  readonly serializers: number;
  /** Throws if it is closed. */
  readonly checkOpen: (act: string) => void;
  /** Tells its `onError` what a callback threw. */
  readonly report: (error: unknown, address: string) => void;
  /** Cuts its connection to the container at `address`. */
  readonly cut: (address: string) => Promise<void>;
  /** Takes the address of a container as one that the program has named. */
  readonly name: (address: string) => void;
  /**
   * Until it is disposed of, a container that it has spawned lives at `address`,
   * and was given `credentials`.
   */
  readonly spawned: (address: string, credentials: unknown) => Disposable;
  /**
   * Until it is disposed of, whoever is reached at `address` is taken to be the
   * container that it has spawned there.
   */
  readonly admit: (address: string) => Disposable;
  /** Connects to an agent whose address a peer has told to the program. */
  readonly connectTold: (address: string) => Promise<object>;
  /** A connection to a container whose address a peer has told. */
  readonly leaseTold: (
    address: string,
    signal: AbortSignal,
  ) => Promise<LinkLease>;
  /**
   * The keys of registrations that were made from here, each with the address
   * of the directory that it is for.
   */
  readonly registrationKeys: Map<string, string>;
}

const households = new WeakMap<object, Household>();

/**
 * The household of a container.
 *
 * @throws {TypeError} If this is no container.
 */
export function householdOf(container: object): Household {
  const household = households.get(container);
  if (household !== undefined) return household;
  throw new TypeError(
    "Cannot use this container: it was not made by 'Container.create', pass one that was",
  );
}

/** Makes `household` known as that of `container`. */
export function setHousehold(container: object, household: Household): void {
  households.set(container, household);
}
