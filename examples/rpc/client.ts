/**
 * The office as a separate program:
 *
 *     deno run -A client.ts "ipc://[/tmp/bakery.sock]" http://127.0.0.1:PORT/
 *
 * Its arguments are the addresses that the server printed. It fails if any
 * result is not as expected.
 *
 * @module
 */
import { openConnection } from "@denomas/denomas/rpc";
import { print } from "../print.ts";
import type { Bakery } from "./bakery.ts";
import { visit } from "./visit.ts";

const [office, shop] = Deno.args;
if (office === undefined || shop === undefined) {
  print("Usage: client.ts RPC_ADDRESS SHOP_URL");
  Deno.exit(2);
}

await using client = await openConnection<Bakery>(office, {
  timeoutMs: 10_000,
});
await visit(client.remote, shop);
