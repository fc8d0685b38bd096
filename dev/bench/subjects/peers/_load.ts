// deno-lint-ignore-file no-import-prefix -- Deno downloads every package that an
// import map names as soon as it needs one of them: the demos would get all.

/** The packages of the peers. */
export interface Packages {
  readonly "@effect/platform-node":
    typeof import("npm:@effect/platform-node@4.1.0");
  readonly "@grpc/grpc-js": typeof import("npm:@grpc/grpc-js@1.14.7");
  readonly "@grpc/proto-loader": typeof import("npm:@grpc/proto-loader@0.8.1");
  readonly "@nats-io/transport-node":
    typeof import("npm:@nats-io/transport-node@3.4.0");
  readonly "@orpc/client": typeof import("npm:@orpc/client@1.16.1");
  readonly "@orpc/client/websocket":
    typeof import("npm:@orpc/client@1.16.1/websocket");
  readonly "@orpc/server": typeof import("npm:@orpc/server@1.16.1");
  readonly "@orpc/server/ws": typeof import("npm:@orpc/server@1.16.1/ws");
  readonly "@trpc/client": typeof import("npm:@trpc/client@11.25.2");
  readonly "@trpc/server": typeof import("npm:@trpc/server@11.25.2");
  readonly "@trpc/server/adapters/ws":
    typeof import("npm:@trpc/server@11.25.2/adapters/ws");
  readonly "birpc": typeof import("npm:birpc@4.2.0");
  readonly "capnweb": typeof import("npm:capnweb@0.12.0");
  readonly "effect": typeof import("npm:effect@4.1.0");
  readonly "effect/rpc": typeof import("npm:effect@4.1.0/rpc");
  readonly "effect/socket": typeof import("npm:effect@4.1.0/socket");
  readonly "moleculer": typeof import("npm:moleculer@0.15.2");
  readonly "nats": unknown;
  readonly "kkrpc": typeof import("npm:kkrpc@0.2.2");
  readonly "socket.io": typeof import("npm:socket.io@4.8.4");
  readonly "socket.io-client": typeof import("npm:socket.io-client@4.8.4");
  readonly "vscode-jsonrpc/node":
    typeof import("npm:vscode-jsonrpc@10.0.0/node");
  /** ws has no types of its own; the members in use are those of browsers. */
  readonly "ws": {
    readonly WebSocket: typeof WebSocket;
    readonly WebSocketServer: new (
      options: { readonly host: string; readonly port: number },
    ) => WebSocketServer;
  };
}

/** The members of ws's server that are used. */
export interface WebSocketServer extends EventTarget {
  readonly clients: ReadonlySet<WebSocket & { terminate(): void }>;
  address(): { readonly address: string; readonly port: number };
  on(event: "connection", listener: (socket: WebSocket) => void): void;
  close(done: () => void): void;
}

const SPECIFIERS: { readonly [Name in keyof Packages]: string } = {
  "@effect/platform-node": "npm:@effect/platform-node@4.1.0",
  "@grpc/grpc-js": "npm:@grpc/grpc-js@1.14.7",
  "@grpc/proto-loader": "npm:@grpc/proto-loader@0.8.1",
  "@nats-io/transport-node": "npm:@nats-io/transport-node@3.4.0",
  "@orpc/client": "npm:@orpc/client@1.16.1",
  "@orpc/client/websocket": "npm:@orpc/client@1.16.1/websocket",
  "@orpc/server": "npm:@orpc/server@1.16.1",
  "@orpc/server/ws": "npm:@orpc/server@1.16.1/ws",
  "@trpc/client": "npm:@trpc/client@11.25.2",
  "@trpc/server": "npm:@trpc/server@11.25.2",
  "@trpc/server/adapters/ws": "npm:@trpc/server@11.25.2/adapters/ws",
  "birpc": "npm:birpc@4.2.0",
  "capnweb": "npm:capnweb@0.12.0",
  "effect": "npm:effect@4.1.0",
  "effect/rpc": "npm:effect@4.1.0/rpc",
  "effect/socket": "npm:effect@4.1.0/socket",
  "moleculer": "npm:moleculer@0.15.2",
  "nats": "npm:nats@2.29.3",
  "kkrpc": "npm:kkrpc@0.2.2",
  "socket.io": "npm:socket.io@4.8.4",
  "socket.io-client": "npm:socket.io-client@4.8.4",
  "vscode-jsonrpc/node": "npm:vscode-jsonrpc@10.0.0/node",
  "ws": "npm:ws@8.23.0",
};

/**
 * Loads a package. A literal specifier in an `import` expression would make
 * Deno download the package even if that expression is never reached.
 */
export function load<Name extends keyof Packages>(
  name: Name,
): Promise<Packages[Name]> {
  return import(SPECIFIERS[name]);
}
