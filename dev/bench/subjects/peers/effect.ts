/**
 * Effect RPC of effect 4.1.0 with @effect/platform-node 4.1.0 (npm, MIT), by
 * lines of JSON over WebSockets, which are those of ws.
 *
 * Set up as in its docs: an `RpcGroup` with schemas, served by
 * `RpcServer.layer` over a `SocketServer`, and `RpcClient.make`; each call runs
 * as a promise. A stream is a `Stream` of the group. Schemas check incoming
 * data on both sides: Effect RPC cannot be used without them.
 *
 * Left out: HTTP, its binary format, and middleware.
 *
 * @module
 */
import { checkCount, nthAnswer } from "../_methods.ts";
import { answer, type Subject } from "../subject.ts";
import { load } from "./_load.ts";
import { tcpPlace } from "./_sockets.ts";
import { webSocketUrl } from "./_web_sockets.ts";

/** Procedures called with Effect RPC. */
export const effect: Subject = {
  name: "effect",
  serve: async (address) => {
    const { Context, Effect, Exit, Layer, Scope, Stream } = await load(
      "effect",
    );
    const { RpcSerialization, RpcServer } = await load("effect/rpc");
    const { SocketServer } = await load("effect/socket");
    const { NodeSocketServer } = await load("@effect/platform-node");
    const group = await makeGroup();
    const handlers = group.toLayer({
      answer: (question) => Effect.succeed(answer(question)),
      echo: (payload) => Effect.succeed(payload),
      answers: (count) =>
        Stream.range(0, count - 1).pipe(Stream.map(nthAnswer)),
      hang: () => Effect.never,
    });
    const layer = RpcServer.layer(group).pipe(
      Layer.provide(handlers),
      Layer.provide(RpcServer.layerProtocolSocketServer),
      Layer.provide(RpcSerialization.layerNdjson),
      Layer.provideMerge(NodeSocketServer.layerWebSocket(tcpPlace(address))),
    );
    const scope = Effect.runSync(Scope.make());
    const context = await Effect.runPromise(
      Layer.buildWithScope(layer, scope),
    );
    const bound = Context.get(context, SocketServer.SocketServer).address;
    if (!("port" in bound)) throw new Error("Serving Effect RPC: no port");
    return {
      address: `tcp://${tcpPlace(address).host}:${bound.port}`,
      [Symbol.asyncDispose]: () =>
        Effect.runPromise(Scope.close(scope, Exit.void)),
    };
  },
  connect: async (address) => {
    const { Effect, Exit, Layer, Scope, Stream } = await load("effect");
    const { RpcClient, RpcSerialization } = await load("effect/rpc");
    const { NodeSocket } = await load("@effect/platform-node");
    const layer = RpcClient.layerProtocolSocket().pipe(
      Layer.provide(RpcSerialization.layerNdjson),
      Layer.provide(NodeSocket.layerWebSocket(webSocketUrl(address))),
    );
    const scope = Effect.runSync(Scope.make());
    const context = await Effect.runPromise(
      Layer.buildWithScope(layer, scope),
    );
    const client = await Effect.runPromise(
      RpcClient.make(await makeGroup()).pipe(
        Effect.provide(context),
        Scope.provide(scope),
      ),
    );
    const ended = new AbortController();
    return {
      call: (question) => Effect.runPromise(client.answer(question)),
      echo: (payload) => Effect.runPromise(client.echo(String(payload))),
      receive: async (count) => {
        let received = 0;
        await Effect.runPromise(
          client.answers(count).pipe(
            Stream.runForEach(({ n }) =>
              Effect.sync(() => {
                if (n === received) received++;
              })
            ),
          ),
        );
        checkCount(received, count);
      },
      hang: () => Effect.runPromise(client.hang(), { signal: ended.signal }),
      [Symbol.asyncDispose]: async () => {
        ended.abort();
        await Effect.runPromise(Scope.close(scope, Exit.void));
      },
    };
  },
};

async function makeGroup() {
  const { Schema } = await load("effect");
  const { Rpc, RpcGroup } = await load("effect/rpc");
  const success = Schema.Struct({ greeting: Schema.String, n: Schema.Number });
  const payload = Schema.Struct({ name: Schema.String, n: Schema.Number });
  return RpcGroup.make(
    Rpc.make("answer", { payload, success }),
    Rpc.make("echo", { payload: Schema.String, success: Schema.String }),
    Rpc.make("answers", { payload: Schema.Number, success, stream: true }),
    Rpc.make("hang", { success: Schema.Void }),
  );
}
