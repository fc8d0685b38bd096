import { testTransport } from "../testing/transport_suite.ts";
import { memory } from "./memory.ts";

let names = 0;

testTransport(memory, {
  name: "memory",
  place: () => ({ address: `local://memory-test-${++names}` }),
});
