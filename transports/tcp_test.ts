import { testTransport } from "../testing/transport_suite.ts";
import { tcp } from "./tcp.ts";

testTransport(tcp, {
  place: () => ({ address: "tcp://127.0.0.1:0" }),
});
