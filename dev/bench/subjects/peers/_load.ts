/** The packages of the peers, by their names in the import map. */
export interface Packages {
  /** The channel and server of gRPC. */
  readonly "@grpc/grpc-js": typeof import("@grpc/grpc-js");
  /** Reads `.proto` files. */
  readonly "@grpc/proto-loader": typeof import("@grpc/proto-loader");
  /** The client of NATS. */
  readonly "@nats-io/transport-node": typeof import("@nats-io/transport-node");
  /** birpc. */
  readonly "birpc": typeof import("birpc");
  /** Cap'n Web. */
  readonly "capnweb": typeof import("capnweb");
  /** comlink. */
  readonly "comlink": typeof import("comlink");
  /** kkrpc. */
  readonly "kkrpc": typeof import("kkrpc");
  /** JSON-RPC of VS Code. */
  readonly "vscode-jsonrpc/node": typeof import("vscode-jsonrpc/node");
  /** WebSockets. It brings no types; what is used is as in a browser. */
  readonly "ws": { readonly WebSocket: typeof WebSocket };
}

/**
 * Loads a package. Deno downloads every package that it finds the name of in
 * an `import`, also where that is never reached, so none is written there.
 */
export function load<Name extends keyof Packages>(
  name: Name,
): Promise<Packages[Name]> {
  return import(name);
}
