/**
 * The client as a separate program:
 *
 *     deno run --allow-net=127.0.0.1 client.ts tcp://127.0.0.1:PORT json
 *
 * It talks to the server, then sends a crowd of guests. It fails if any reply
 * was wrong. If the third argument names a file, it writes its figures to it
 * instead. With `--cert=…`, `--key=…` and `--ca=…` it uses TLS.
 *
 * @module
 */
import { codecNamed } from "./codec_named.ts";
import { print } from "../print.ts";
import { tlsFrom } from "./tls_from.ts";
import { visit } from "./visit.ts";

const isFlag = (arg: string) => arg.startsWith("--");
const [address, codec = "json", figuresFile] = Deno.args
  .filter((arg) => !isFlag(arg));
if (address === undefined) {
  print("Usage: client.ts ADDRESS [json|msgpack] [FIGURES_FILE]");
  Deno.exit(2);
}

const figures = await visit(address, {
  codec: codecNamed(codec),
  tls: tlsFrom(Deno.args.filter(isFlag)),
});
if (figuresFile !== undefined) {
  await Deno.writeTextFile(figuresFile, JSON.stringify(figures));
} else if (figures.errors > 0) {
  Deno.exitCode = 1;
}
