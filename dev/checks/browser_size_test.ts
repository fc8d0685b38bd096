import { assert, assertEquals } from "@std/assert";
import { MAX_GZIPPED_BYTES, measureClient } from "./browser_size.ts";
import { bytesBySource } from "./source_map.ts";

Deno.test("bytesBySource counts what is from each source", () => {
  const map = { sources: ["a.ts", "b.ts"], mappings: "AAAA,GCAA;ADAA,EAAA" };
  assertEquals(
    [...bytesBySource("abcdef\nghij", map)],
    [["a.ts", 7], ["b.ts", 3]],
  );
});

Deno.test("the least client of a page is no larger than it may be", async () => {
  const { gzippedBytes, minifiedBytes, files } = await measureClient();
  assert(
    gzippedBytes <= MAX_GZIPPED_BYTES,
    `it has ${gzippedBytes} bytes, see 'deno task size:browser'`,
  );
  // Nearly all bytes are assigned; the rest is added by the bundler.
  const known = files.values().reduce((sum, bytes) => sum + bytes, 0);
  assert(known > 0.98 * minifiedBytes);
  assert(files.has("rpc/reconnect/open.ts"));
  // Only Deno servers need these files.
  const foreign = [...files.keys()].filter((file) =>
    /deno\.ts|tcp|tls|unix|node\/|topics|msgpack/.test(file)
  );
  assertEquals(foreign, []);
});
