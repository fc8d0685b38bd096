import type { EndpointStats } from "./_endpoint_stats.ts";

/** A method of a service, as seen by clients of NATS. */
export interface Endpoint {
  readonly path: string;
  readonly subject: string;
  readonly stats: EndpointStats;
}

/** The description of a service for NATS monitors. */
export interface ReportedService {
  readonly name: string;
  readonly id: string;
  readonly version: string;
  readonly description?: string | undefined;
  /** The queue group. Its members share the requests. */
  readonly queue: string;
  /** When it started, in ISO 8601 format. */
  readonly started: string;
  readonly endpoints: readonly Endpoint[];
}

/**
 * Returns functions that create the answers to monitors, by the verb of the
 * request.
 */
export function serviceReports(
  service: ReportedService,
): Readonly<Record<"PING" | "INFO" | "STATS", () => object>> {
  const { name, id, version, description = "", queue, started } = service;
  const identity = { name, id, version, metadata: {} };
  const type = (verb: string) => ({
    type: `io.nats.micro.v1.${verb}_response`,
  });
  const endpoints = (more: (endpoint: Endpoint) => object) =>
    service.endpoints.map((endpoint) => ({
      name: endpoint.path.replaceAll("/", "_"),
      subject: endpoint.subject,
      queue_group: queue,
      ...more(endpoint),
    }));
  return {
    PING: () => ({ ...type("ping"), ...identity }),
    INFO: () => ({
      ...type("info"),
      ...identity,
      description,
      endpoints: endpoints(() => ({ metadata: {} })),
    }),
    STATS: () => ({
      ...type("stats"),
      ...identity,
      started,
      endpoints: endpoints(({ stats }) => stats.report()),
    }),
  };
}
