import {
  createTestAuthority,
  type TestAuthority,
} from "../certificates/certificates.ts";
import type { CtxTlsOptions } from "../ctx_contract.ts";

/** What a step with TLS is made with. */
export interface StepTls {
  readonly authority: TestAuthority;
  readonly options: CtxTlsOptions;
}

let made: Promise<StepTls> | null = null;

/** That of all steps with TLS; the first one that asks makes it. */
export function stepTls(): Promise<StepTls> {
  return made ??= makeStepTls();
}

async function makeStepTls(): Promise<StepTls> {
  const authority = await createTestAuthority();
  const certificate = await authority.issue({ name: "ctx" });
  return {
    authority,
    options: { ...certificate, caCerts: authority.caCert },
  };
}
