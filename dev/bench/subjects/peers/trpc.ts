/**
 * tRPC 11.25.2 (npm, MIT), over WebSockets of ws 8.23.0 (npm, MIT).
 *
 * Set up as in its docs ("WebSockets"): `applyWSSHandler` on a server of ws,
 * `createWSClient` with `wsLink` in the client, with the WebSocket of ws. A
 * stream is a subscription to an async generator.
 *
 * Left out: batches over HTTP, validation of arguments, and reconnecting.
 *
 * @module
 */
import { checkCount, echo, hang, items } from "../_methods.ts";
import {
  type Answer,
  answer,
  type Question,
  type Subject,
} from "../subject.ts";
import { load } from "./_load.ts";
import { serveWebSockets, webSocketUrl } from "./_web_sockets.ts";

/** Procedures called with tRPC. */
export const trpc: Subject = {
  name: "trpc",
  serve: async (address) => {
    const { applyWSSHandler } = await load("@trpc/server/adapters/ws");
    const router = await makeRouter();
    return await serveWebSockets(address, (server) => {
      applyWSSHandler({ wss: server as never, router });
    });
  },
  connect: async (address) => {
    const { createTRPCClient, createWSClient, wsLink } = await load(
      "@trpc/client",
    );
    const { WebSocket } = await load("ws");
    const { promise: opened, resolve } = Promise.withResolvers<void>();
    const socket = createWSClient({
      url: webSocketUrl(address),
      WebSocket,
      onOpen: resolve,
    });
    const client = createTRPCClient<Router>({
      links: [wsLink({ client: socket })],
    });
    await opened;
    const ended = new AbortController();
    return {
      call: (question) => client.answer.query(question),
      echo: (payload) => client.echo.mutate(String(payload)),
      hang: () => client.hang.query(undefined, { signal: ended.signal }),
      receive: (count) => {
        const { promise, resolve, reject } = Promise.withResolvers<void>();
        let received = 0;
        client.answers.subscribe(count, {
          onData: ({ n }: Answer) => {
            if (n === received) received++;
          },
          onError: reject,
          onComplete: resolve,
        });
        return promise.then(() => checkCount(received, count));
      },
      [Symbol.asyncDispose]: () => {
        // Closing would wait for pending calls.
        ended.abort();
        return socket.close();
      },
    };
  },
};

type Router = Awaited<ReturnType<typeof makeRouter>>;

async function makeRouter() {
  const { initTRPC } = await load("@trpc/server");
  const { router, procedure } = initTRPC.create();
  return router({
    answer: procedure
      .input((it: unknown) => it as Question)
      .query(({ input }) => answer(input)),
    echo: procedure
      .input((it: unknown) => it as string)
      .mutation(({ input }) => echo(input)),
    hang: procedure.query(() => hang()),
    answers: procedure
      .input((it: unknown) => it as number)
      .subscription(({ input }) => items(input)),
  });
}
