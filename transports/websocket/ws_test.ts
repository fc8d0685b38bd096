import { createTestAuthority } from "../../testing/certificates/certificates.ts";
import { testTransport } from "../../testing/transport_suite/transport_suite.ts";
import { asFrames } from "./fixtures/as_frames.ts";
import { ws, wss } from "./ws.ts";

const authority = await createTestAuthority();
const tls = { ...await authority.issue(), caCerts: authority.caCert };
const place = () => ({ address: "ws://127.0.0.1:0" });

testTransport(ws(), { place });
testTransport(asFrames(ws({ text: true })), { name: "ws in text", place });
testTransport(wss({ tls }), {
  place: () => ({ address: "wss://127.0.0.1:0" }),
});
