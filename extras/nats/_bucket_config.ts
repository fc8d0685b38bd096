import {
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";

/** The first server version with leases for single entries. */
const LEASES_SINCE = [2, 11] as const;

/** How long the server keeps the marker of a removed entry, in milliseconds. */
export const MARKER_MS = 10 * 60 * 1_000;

/** Options for the bucket of a cluster. */
export interface BucketOptions {
  readonly bucket: string;
  readonly replicas: number;
  /** The prefix of the subjects for the server's answers. */
  readonly inboxPrefix: string | undefined;
}

/**
 * Returns whether the server of a connection supports leases for single
 * entries.
 */
function isLeasing({ info }: NatsConnection): boolean {
  const [major = 0, minor = 0] = info!.version.split(".").map(Number);
  const [sinceMajor, sinceMinor] = LEASES_SINCE;
  return major > sinceMajor || major === sinceMajor && minor >= sinceMinor;
}

/**
 * Resolves to the configuration of the bucket, which is created if necessary.
 */
export async function configured(
  nc: NatsConnection,
  jsm: JetStreamManager,
  { bucket, replicas }: BucketOptions,
): Promise<StreamConfig> {
  const name = `KV_${bucket}`;
  const hasLeases = isLeasing(nc);
  const leasing = hasLeases
    ? { allow_msg_ttl: true, subject_delete_marker_ttl: MARKER_MS * 1e6 }
    : {};
  try {
    const { config } = await jsm.streams.info(name);
    const isReady = !hasLeases ||
      config.allow_msg_ttl && config.subject_delete_marker_ttl;
    if (isReady) return config;
    // Created by another client, or before the server was upgraded.
    return (await jsm.streams.update(name, { ...config, ...leasing })).config;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  const { config } = await jsm.streams.add({
    name,
    subjects: [`$KV.${bucket}.>`],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    max_msgs_per_subject: 1,
    allow_direct: true,
    allow_rollup_hdrs: true,
    deny_delete: true,
    num_replicas: replicas,
    ...leasing,
  });
  return config;
}

function isNotFound(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === 10_059;
}
