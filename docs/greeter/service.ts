// deno-lint-ignore-file no-console -- a first program prints
import { expose, startServer } from "@denomas/denomas/rpc";

export class Greeter {
  @expose
  greet(name: string): string {
    return `Hello, ${name}`;
  }

  @expose
  async *countdown(from: number): AsyncGenerator<number> {
    for (let left = from; left > 0; left--) yield left;
  }
}

if (import.meta.main) {
  const address = Deno.args[0] ?? "tcp://127.0.0.1:5151";
  await using server = await startServer(address, new Greeter());
  console.log(`Listening at ${server.address}`);
  await server.closed;
}
