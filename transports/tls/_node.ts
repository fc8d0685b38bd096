/**
 * The modules of Node that TLS is built on. They are loaded when TLS is asked
 * for, so that a program without it does not pay for them.
 */
export interface NodeModules {
  readonly tls: typeof import("node:tls");
  readonly Duplex: typeof import("node:stream").Duplex;
  readonly crypto: typeof import("node:crypto");
}

/** Loads them. */
export async function loadNodeModules(): Promise<NodeModules> {
  const [tls, { Duplex }, crypto] = await Promise.all([
    import("node:tls"),
    import("node:stream"),
    import("node:crypto"),
  ]);
  return { tls, Duplex, crypto };
}
