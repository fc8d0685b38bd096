import type { TlsOptions } from "../transports/tls_options.ts";

/** What a container closes before it closes itself. */
export interface Dependent {
  /** Ends it within about `graceMs`. Never rejects. */
  close(options: { readonly graceMs: number }): Promise<void>;
}

/** What a container shows to the rest of this layer, and to nobody else. */
export interface Household {
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
  /** Lets it dial the agents of the container at `address`. */
  readonly know: (address: string) => void;
  /**
   * Until it is disposed of, who is reached at `address` is taken to have shown
   * `credentials`.
   */
  readonly vouch: (address: string, credentials: unknown) => Disposable;
}

const households = new WeakMap<object, Household>();

/** The household of a container. */
export function householdOf(container: object): Household {
  return households.get(container)!;
}

/** Makes `household` known as that of `container`. */
export function setHousehold(container: object, household: Household): void {
  households.set(container, household);
}
