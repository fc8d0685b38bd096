import { assertRejects } from "@std/assert";
import { openConnection, startServer } from "../deno.ts";
import type { RpcOptions } from "../rpc_options.ts";
import { service } from "../service/service.ts";

const ADDRESS = "local://rpc-options";

/** Returns options with `value` for the named option. */
const options: Record<string, (value: number) => RpcOptions> = {
  "heartbeatMs": (value) => ({ heartbeatMs: value }),
  "streamWindow.items": (value) => ({
    streamWindow: { items: value, bytes: 1 },
  }),
  "streamWindow.bytes": (value) => ({
    streamWindow: { items: 1, bytes: value },
  }),
  "maxReferences": (value) => ({ maxReferences: value }),
};

for (const [name, optionsWith] of Object.entries(options)) {
  Deno.test(`RpcOptions.${name} must be at least 1`, async () => {
    const served = service({ echo: (value: string) => value });
    for (const value of [0, -1, NaN, -Infinity]) {
      const bad = optionsWith(value);
      const says = `'${name}' to ${value}`;
      await assertRejects(
        () => startServer(ADDRESS, served, bad),
        RangeError,
        says,
      );
      await assertRejects(() => openConnection(ADDRESS, bad), RangeError, says);
    }
    for (const value of [1, Infinity]) {
      const good = optionsWith(value);
      await using server = await startServer(ADDRESS, served, good);
      await using _client = await openConnection(server.address, good);
    }
  });
}
