import { testTransport } from "../../testing/transport_suite/transport_suite.ts";
import { missingNats, NatsServer } from "./fixtures/server.ts";
import { natsTransport } from "./transport.ts";

if (missingNats === null) {
  const server = await NatsServer.start();
  const transport = natsTransport();
  await transport.listen(`${server.url}/keeper`, () => {});
  testTransport(transport, { place: () => ({ address: server.url }) });
} else {
  const name = "natsTransport meets the contract of transports";
  Deno.test.ignore(`${name} (left out: ${missingNats})`, () => {});
}
