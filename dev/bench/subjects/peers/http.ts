/**
 * Deno's own HTTP/1.1 server and `fetch` (Deno 2.9, MIT), JSON by POST.
 *
 * Set up as in Deno's docs of `Deno.serve` and `Deno.createHttpClient`: one
 * client, whose pool keeps as many idle connections as there may be pending
 * calls, so that each connection is reused. HTTP/1.1 needs one connection per
 * pending call. A stream is a body with a line of JSON for each answer.
 *
 * `fetch` leaves Nagle's algorithm on and has no option for it
 * (denoland/deno#35581). A request of this size is one write, which does not
 * wait.
 *
 * Left out: HTTP/2, which needs TLS here, and compression.
 *
 * @module
 */
import { parseAddress } from "../../../../transports/address.ts";
import { hang, items, takeItems } from "../_methods.ts";
import {
  type Answer,
  answer,
  type Question,
  type Subject,
} from "../subject.ts";
import { tcpPlace } from "./_sockets.ts";

/** Requests over HTTP. */
export const http: Subject = {
  name: "http",
  payload: "bytes",
  serve: (address) => {
    const ended = new AbortController();
    const server = Deno.serve({
      ...listenOptions(address),
      onListen: () => {},
      signal: ended.signal,
    }, handle);
    const { addr } = server;
    return Promise.resolve({
      address: addr.transport === "tcp"
        ? `tcp://${addr.hostname}:${addr.port}`
        : address,
      [Symbol.asyncDispose]: async () => {
        // `shutdown` would wait for requests that are never answered.
        ended.abort();
        await server.finished;
      },
    });
  },
  connect: (address) => {
    const client = Deno.createHttpClient({
      ...clientOptions(address),
      poolMaxIdlePerHost: MOST_IN_FLIGHT,
    });
    const ended = new AbortController();
    const url = urlOf(address);
    const post = (path: string, body: BodyInit, init?: RequestInit) =>
      fetch(url + path, { method: "POST", body, client, ...init });
    return Promise.resolve({
      call: async (question) => {
        const response = await post("answer", JSON.stringify(question));
        return await response.json();
      },
      echo: async (payload) => {
        const response = await post("echo", payload as BodyInit);
        return await response.bytes();
      },
      receive: async (count) => {
        const response = await post("answers", String(count));
        await takeItems(answersIn(response.body!), count);
      },
      hang: () => post("hang", "", { signal: ended.signal }),
      [Symbol.asyncDispose]: () => {
        ended.abort();
        client.close();
        return Promise.resolve();
      },
    });
  },
};

/** The maximum number of pending calls in any workload. */
const MOST_IN_FLIGHT = 1024;

async function handle(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  switch (pathname) {
    case "/answer":
      return Response.json(answer(await request.json() as Question));
    case "/echo":
      return new Response(await request.bytes());
    case "/answers":
      return new Response(linesUpTo(Number(await request.text())));
    case "/hang":
      return await hang();
    default:
      return new Response("Not Found", { status: 404 });
  }
}

function linesUpTo(count: number): ReadableStream<Uint8Array> {
  async function* lines(): AsyncGenerator<string> {
    for await (const item of items(count)) yield `${JSON.stringify(item)}\n`;
  }
  return ReadableStream.from(lines()).pipeThrough(new TextEncoderStream());
}

async function* answersIn(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<Answer> {
  let rest = "";
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) yield JSON.parse(line);
  }
}

function listenOptions(
  address: string,
): { hostname: string; port: number } | { path: string } {
  const parsed = parseAddress(address);
  if ("path" in parsed) return { path: parsed.path };
  const { host, port } = tcpPlace(address);
  return { hostname: host, port };
}

function clientOptions(address: string): Deno.CreateHttpClientOptions {
  const parsed = parseAddress(address);
  if (!("path" in parsed)) return {};
  return { proxy: { transport: "unix", path: parsed.path } };
}

function urlOf(address: string): string {
  const parsed = parseAddress(address);
  if ("path" in parsed) return "http://localhost/";
  const { host, port } = tcpPlace(address);
  return `http://${host}:${port}/`;
}
