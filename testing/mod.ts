/**
 * Tests of networking code that run on every transport and fail if they leave
 * anything open or running.
 *
 * {@linkcode withCtx} replaces `Deno.test` where a test needs a server. It does
 * not mock the network: messages go through real sockets, and in memory through
 * the same frames. To check a custom transport against the contract of the
 * built-in ones, use {@linkcode testTransport}.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { withCtx } from "@denomas/denomas/testing";
 *
 * Deno.test("a test without a server is an ordinary test", () => {
 *   assertEquals("ohai".length, 4);
 * });
 *
 * withCtx("a client greets and the server answers", async (ctx) => {
 *   const channel = await ctx.startServerAndConnect(async (channel) => {
 *     const request = await channel.recv();
 *     await request.reply("cya");
 *   });
 *   assertEquals(await channel.send("ohai"), "cya");
 * });
 * ```
 *
 * @module
 */
export { createTestAuthority } from "./certificates/certificates.ts";
export type {
  TestAuthority,
  TestCertificate,
  TestCertificateOptions,
} from "./certificates/certificates.ts";
export { withCtx } from "./ctx.ts";
export type {
  Ctx,
  CtxBody,
  CtxChannelOptions,
  CtxOptions,
  CtxOwnTransport,
  CtxTransport,
} from "./ctx_contract.ts";
export type { CtxRpc } from "./ctx_rpc_contract.ts";
export { testEngine } from "./engine_suite/engine_suite.ts";
export type { EngineSuiteOptions } from "./engine_suite/engine_suite.ts";
export {
  LeakError,
  StepEndedError,
  StepError,
  StepTimeoutError,
} from "./errors.ts";
export type { Network, NetworkSide } from "./network_contract.ts";
export type { LinearizabilityVerdict } from "./simulation/history/check.ts";
export type { HistoryEvent } from "./simulation/history/events.ts";
export { History, LinearizabilityError } from "./simulation/history/history.ts";
export type {
  Model,
  Operation,
  OperationCall,
  Outcome,
} from "./simulation/history/model.ts";
export {
  keyValue,
  mutex,
  queue,
  register,
} from "./simulation/history/models.ts";
export type {
  SimulateOptions,
  Simulation,
  SimulationNode,
} from "./simulation/contract.ts";
export { SimulationError } from "./simulation/errors.ts";
export type { Chaos } from "./simulation/plan.ts";
export { simulate } from "./simulation/simulate.ts";
export type { PlannedFault } from "./simulation/trace/trace.ts";
export { testTransport } from "./transport_suite/transport_suite.ts";
export type {
  TransportSuiteOptions,
} from "./transport_suite/transport_suite.ts";
