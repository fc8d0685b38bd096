import { parseAgentAddress } from "../address.ts";
import { isRecord } from "../../rpc/internal.ts";
import { ValidationError } from "../../rpc/errors.ts";
import type {
  DirectoryChange,
  DirectoryEntry,
  DirectoryProperties,
  DirectoryPropertyValue,
} from "./entry.ts";

/** Which entries a page can hold. */
interface PageRange {
  /** Their ids are larger, and grow. */
  readonly after: number;
  /** So many at most. */
  readonly limit: number;
}

/**
 * A page of entries as a directory told it, which is not trusted either.
 *
 * @throws {ValidationError} If it is none.
 */
export function readPage(
  told: unknown,
  { after, limit }: PageRange,
  directory: string,
): DirectoryEntry[] {
  if (!Array.isArray(told) || told.length > limit) {
    throw bad(directory, "is no page of entries");
  }
  let last = after;
  return told.map((item) => {
    const entry = readEntry(item, directory);
    // Else looking up might never come to an end.
    if (entry.id <= last) throw bad(directory, "is out of order");
    last = entry.id;
    return entry;
  });
}

/**
 * A change as a directory told it.
 *
 * @throws {ValidationError} If it is none.
 */
export function readChange(told: unknown, directory: string): DirectoryChange {
  const { kind, entry } = isRecord(told) ? told : {};
  if (kind !== "added" && kind !== "changed" && kind !== "removed") {
    throw bad(directory, "is no change");
  }
  return { kind, entry: readEntry(entry, directory) };
}

function readEntry(told: unknown, directory: string): DirectoryEntry {
  const { id, address, type, properties } = isRecord(told) ? told : {};
  if (
    !Number.isSafeInteger(id) || typeof type !== "string" ||
    !isAgentAddress(address)
  ) throw bad(directory, "is no entry");
  return {
    id: id as number,
    address,
    type,
    properties: readProperties(properties, directory),
  };
}

function isAgentAddress(value: unknown): value is string {
  if (typeof value !== "string") return false;
  try {
    parseAgentAddress(value);
    return true;
  } catch {
    return false;
  }
}

function readProperties(
  told: unknown,
  directory: string,
): DirectoryProperties {
  if (!isRecord(told)) throw bad(directory, "has no properties");
  const known: [string, DirectoryPropertyValue][] = [];
  for (const [name, value] of Object.entries(told)) {
    if (!isPropertyValue(value)) throw bad(directory, "has no properties");
    known.push([name, value]);
  }
  return Object.fromEntries(known);
}

function isPropertyValue(value: unknown): value is DirectoryPropertyValue {
  return value === null ||
    ["string", "number", "boolean"].includes(typeof value);
}

function bad(directory: string, what: string): ValidationError {
  return new ValidationError(
    `Cannot use an answer of the directory '${directory}': what it tells ${what}`,
  );
}
