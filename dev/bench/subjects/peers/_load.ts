// deno-lint-ignore-file no-import-prefix -- Deno downloads every package that an
// import map names as soon as it needs one of them: the demos would get all.

/** The packages of the peers. */
export interface Packages {
  readonly "@grpc/grpc-js": typeof import("npm:@grpc/grpc-js@1.14.7");
  readonly "@grpc/proto-loader": typeof import("npm:@grpc/proto-loader@0.8.1");
  readonly "birpc": typeof import("npm:birpc@4.2.0");
  readonly "capnweb": typeof import("npm:capnweb@0.12.0");
  readonly "vscode-jsonrpc/node":
    typeof import("npm:vscode-jsonrpc@10.0.0/node");
  /** It brings no types; the members in use are those of browsers. */
  readonly "ws": { readonly WebSocket: typeof WebSocket };
}

const SPECIFIERS: { readonly [Name in keyof Packages]: string } = {
  "@grpc/grpc-js": "npm:@grpc/grpc-js@1.14.7",
  "@grpc/proto-loader": "npm:@grpc/proto-loader@0.8.1",
  "birpc": "npm:birpc@4.2.0",
  "capnweb": "npm:capnweb@0.12.0",
  "vscode-jsonrpc/node": "npm:vscode-jsonrpc@10.0.0/node",
  "ws": "npm:ws@8.23.0",
};

/**
 * Loads a package. A specifier in an `import` expression would make Deno
 * download the package even where that expression is never reached.
 */
export function load<Name extends keyof Packages>(
  name: Name,
): Promise<Packages[Name]> {
  return import(SPECIFIERS[name]);
}
