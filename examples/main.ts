/**
 * All demos: requests and replies over each transport, and typed RPC beside a
 * web server.
 *
 *     deno task demo
 *
 * @module
 */
import { demonstrate as greeting } from "./greeting/main.ts";
import { demonstrate as rpc } from "./rpc/main.ts";
import { runDemo } from "./run_demo.ts";

await runDemo(greeting, rpc);
