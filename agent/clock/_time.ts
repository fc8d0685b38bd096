/** A number of seconds for people. */
export function formatSeconds(seconds: number): string {
  return `${Number(seconds.toFixed(6))} s`;
}

/** Throws unless `seconds`, for which someone wants to wait, are a number. */
export function checkDuration(seconds: number): void {
  if (Number.isFinite(seconds)) return;
  throw new RangeError(
    `Cannot wait for ${seconds} s: that is no finite number, give one`,
  );
}

/** Throws unless `seconds` are a number that can be a time. */
export function checkTime(seconds: number): void {
  if (Number.isFinite(seconds)) return;
  throw new RangeError(
    `Cannot use the time ${seconds} s: that is no finite number, give one`,
  );
}

/** The milliseconds of `date`, which throws if it is invalid. */
export function checkDate(date: Date): number {
  const milliseconds = date.getTime();
  if (!Number.isNaN(milliseconds)) return milliseconds;
  throw new RangeError("Cannot use a date: it is invalid, give a valid one");
}

const ISO =
  /^((?:\d{4}|[+-]\d{6})-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}:\d{2})?)?$/;

/**
 * Reads an ISO date, with a time or without, in milliseconds. Without a zone
 * it is UTC: `Date` would take it for local time, and so differ from one
 * computer to the next.
 */
export function parseUtc(text: string): number {
  const [, day, time = "00:00", zone = "Z"] = ISO.exec(text) ?? [];
  const milliseconds = Date.parse(`${day}T${time}${zone}`);
  if (!Number.isNaN(milliseconds) && isInCalendar(day!)) return milliseconds;
  throw new RangeError(
    `Cannot use the date '${text}': wanted one like '2024-01-31', '2024-01-31 12:00:00' or '2024-01-31T12:00:00+01:00'`,
  );
}

/** `Date` takes the 31st of February for a day in March. */
function isInCalendar(day: string): boolean {
  return new Date(`${day}T00:00Z`).toISOString().startsWith(day);
}
