/**
 * The server as a separate program:
 *
 *     deno run --allow-net=127.0.0.1:0 server.ts tcp://127.0.0.1:0 json
 *
 * It prints its real address and serves until it is interrupted. With
 * `--until-stdin-ends` it serves until its standard input ends, which also
 * happens when the parent process ends. With `--cert=…`, `--key=…` and `--ca=…`
 * it uses TLS.
 *
 * @module
 */
import { startServer } from "@denomas/denomas/channel";
import { codecNamed } from "./codec_named.ts";
import { greet } from "./greet.ts";
import { onInterruption } from "../interruption.ts";
import { print } from "../print.ts";
import { stdinEnd } from "../stdin_end.ts";
import { tlsFrom } from "./tls_from.ts";

const [address = "tcp://127.0.0.1:0", codec = "json", ...flags] = Deno.args;

await using server = await startServer(address, greet, {
  codec: codecNamed(codec),
  tls: tlsFrom(flags),
});
print(server.address);
await (flags.includes("--until-stdin-ends")
  ? stdinEnd()
  : new Promise<void>(onInterruption));
