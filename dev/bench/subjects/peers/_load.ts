/** The packages of the peers, by their names in the import map. */
export interface Packages {
  readonly "@grpc/grpc-js": typeof import("@grpc/grpc-js");
  readonly "@grpc/proto-loader": typeof import("@grpc/proto-loader");
  readonly "birpc": typeof import("birpc");
  readonly "capnweb": typeof import("capnweb");
  readonly "vscode-jsonrpc/node": typeof import("vscode-jsonrpc/node");
  /** It brings no types; the members in use are those of browsers. */
  readonly "ws": { readonly WebSocket: typeof WebSocket };
}

/**
 * Loads a package. A name in an `import` expression would make Deno download
 * the package even where that expression is never reached.
 */
export function load<Name extends keyof Packages>(
  name: Name,
): Promise<Packages[Name]> {
  return import(name);
}
