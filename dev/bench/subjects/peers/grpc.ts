/**
 * @grpc/grpc-js 1.14.7 with @grpc/proto-loader 0.8.1 (npm, Apache-2.0), by
 * protocol buffers over HTTP/2, which is Deno's `node:http2`.
 *
 * Set up as in the README of grpc-js ("Migrating from grpc") and grpc.io's
 * basics tutorial for Node: a `.proto` file read by the loader, credentials
 * without TLS, unary calls, and a server that streams. The channel options are
 * the defaults, except that each client has its own connection.
 *
 * Left out: generated code, deadlines, TLS.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import type {
  Client,
  handleServerStreamingCall,
  handleUnaryCall,
  ServiceDefinition,
  ServiceError,
} from "npm:@grpc/grpc-js@1.14.7";
import { parseAddress } from "../../../../transports/address.ts";
import {
  type Answer,
  answer,
  type Question,
  type Serving,
  type Subject,
} from "../subject.ts";
import { nthAnswer, takeItems } from "../_methods.ts";
import { load } from "./_load.ts";

/** Methods of a service called with grpc-js. */
export const grpc: Subject = {
  name: "grpc",
  payload: "bytes",
  serve: async (address) => {
    const { Server, ServerCredentials } = await load("@grpc/grpc-js");
    const server = new Server();
    server.addService(await loadService(), handlers);
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync(
        target(address),
        ServerCredentials.createInsecure(),
        (error, port) => error === null ? resolve(port) : reject(error),
      )
    );
    return serving(address, port, () => server.forceShutdown());
  },
  connect: async (address) => {
    const { credentials, makeClientConstructor } = await load(
      "@grpc/grpc-js",
    );
    const Greeter = makeClientConstructor(await loadService(), "Greeter");
    const client = new Greeter(target(address), credentials.createInsecure(), {
      "grpc.use_local_subchannel_pool": 1,
    }) as unknown as GreeterClient;
    await ready(client);
    return {
      call: (question) => asPromise((done) => client.answer(question, done)),
      echo: async (payload) => {
        const reply = await asPromise<Payload>((done) =>
          client.echo({ payload: payload as Uint8Array }, done)
        );
        return reply.payload;
      },
      receive: (count) => takeItems(client.answers({ count }), count),
      hang: () => asPromise((done) => client.hang({}, done)),
      [Symbol.asyncDispose]: () => {
        client.close();
        return Promise.resolve();
      },
    };
  },
};

interface Payload {
  readonly payload: Uint8Array;
}

interface Count {
  readonly count: number;
}

type Done<T> = (error: ServiceError | null, reply?: T) => void;

/**
 * The methods of a client for `greeter.proto`, which the library types as
 * `any`.
 */
interface GreeterClient extends Pick<Client, "close" | "waitForReady"> {
  answer(question: Question, done: Done<Answer>): void;
  echo(payload: Payload, done: Done<Payload>): void;
  answers(count: Count): AsyncIterable<Answer>;
  hang(nothing: object, done: Done<object>): void;
}

const answerCall: handleUnaryCall<Question, Answer> = ({ request }, done) =>
  done(null, answer(request));

const echoCall: handleUnaryCall<Payload, Payload> = ({ request }, done) =>
  done(null, request);

const answersCall: handleServerStreamingCall<Count, Answer> = async (call) => {
  for (let n = 0; n < call.request.count; n++) {
    if (call.write(nthAnswer(n))) continue;
    await new Promise((resolve) => call.once("drain", resolve));
  }
  call.end();
};

const handlers = {
  Answer: answerCall,
  Echo: echoCall,
  Answers: answersCall,
  Hang: () => {},
};

async function loadService(): Promise<ServiceDefinition> {
  const loader = await load("@grpc/proto-loader");
  const file = fileURLToPath(new URL("greeter.proto", import.meta.url));
  const definition = await loader.load(file);
  return definition["bench.Greeter"] as ServiceDefinition;
}

/** Converts an address to gRPC's notation. */
function target(address: string): string {
  const parsed = parseAddress(address);
  if ("host" in parsed) return `${parsed.host}:${parsed.port}`;
  if ("path" in parsed) return `unix:${parsed.path}`;
  throw new TypeError(`Cannot use '${address}': it is no socket`);
}

function serving(address: string, port: number, close: () => void): Serving {
  const parsed = parseAddress(address);
  return {
    address: "host" in parsed ? `tcp://${parsed.host}:${port}` : address,
    [Symbol.asyncDispose]: () => {
      close();
      return Promise.resolve();
    },
  };
}

function ready(client: GreeterClient): Promise<void> {
  return new Promise((resolve, reject) =>
    client.waitForReady(
      Date.now() + 10_000,
      (error) => error === undefined ? resolve() : reject(error),
    )
  );
}

function asPromise<T>(call: (done: Done<T>) => void): Promise<T> {
  return new Promise((resolve, reject) =>
    call((error, reply) => error === null ? resolve(reply as T) : reject(error))
  );
}
