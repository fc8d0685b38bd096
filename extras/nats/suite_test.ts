/**
 * Some of the tests of RPC and agents, over NATS; `test:nats` runs all of them.
 */
import { assert, assertEquals } from "@std/assert";
import { runFixtures } from "../../testing/fixtures/run.ts";
import { missingNats } from "./fixtures/server.ts";

const FILES = [
  "rpc/tests/remote_test.ts",
  "rpc/tests/streams_test.ts",
  "agent/container_test.ts",
];

const why = missingNats === null ? "" : ` (left out: ${missingNats})`;

Deno.test({
  name: `tests of RPC and agents pass over NATS${why}`,
  ignore: missingNats !== null,
  fn: async () => {
    const files = FILES.map((it) =>
      new URL(`../../${it}`, import.meta.url).href
    );
    const { results } = await runFixtures(files, {
      DENOMAS_TRANSPORTS: "./extras/nats/fixtures/ctx_transport.ts",
    });
    const steps = [...results].filter(([name]) => / > nats/.test(name));
    const failed = steps.filter(([, outcome]) => outcome !== "passed");
    assertEquals(failed, []);
    assert(steps.length > 40, `${steps.length} steps`);
  },
});
