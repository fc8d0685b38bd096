import { certificates } from "./certificates.ts";
import { cutWire } from "./cut_wire.ts";
import { descriptors } from "./descriptors.ts";
import type { FaultTrial } from "./_fault.ts";
import { stoppedServer } from "./stopped_server.ts";
import { tokenService } from "./token_service.ts";

/** All trials with real faults. */
export const TRIALS: readonly FaultTrial[] = [
  certificates,
  descriptors,
  tokenService,
  stoppedServer,
  cutWire,
];
