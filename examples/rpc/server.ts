/**
 * A bakery as a separate program, with its shop on an HTTP port and its office
 * at the given address:
 *
 *     deno run -A server.ts "ipc://[/tmp/bakery.sock]"
 *
 * It prints both addresses and serves until it is interrupted. With
 * `--until-stdin-ends` it serves until its standard input ends, which also
 * happens when the parent process ends.
 *
 * @module
 */
import { startServer } from "@denomas/denomas/rpc";
import { onInterruption } from "../interruption.ts";
import { print } from "../print.ts";
import { stdinEnd } from "../stdin_end.ts";
import { Bakery } from "./bakery.ts";
import { serveShop } from "./shop.ts";

const [address = "tcp://127.0.0.1:0", ...flags] = Deno.args;

const bakery = new Bakery();
await using web = Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen: () => {} },
  (request) => serveShop(bakery, request),
);
await using office = await startServer(address, bakery);
print(`${office.address} http://127.0.0.1:${web.addr.port}/`);

await (flags.includes("--until-stdin-ends")
  ? stdinEnd()
  : new Promise<void>(onInterruption));
