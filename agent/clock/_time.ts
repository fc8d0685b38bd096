/** Formats a number of seconds for a message. */
export function formatSeconds(seconds: number): string {
  return `${Number(seconds.toFixed(6))} s`;
}

/** Throws unless `seconds` is finite. `act` precedes it in the message. */
export function checkFinite(act: string, seconds: number): void {
  if (Number.isFinite(seconds)) return;
  throw new RangeError(
    `Cannot ${act} ${seconds} s: it is not finite, give a finite number`,
  );
}

/** Returns the milliseconds of `date`; throws if the date is invalid. */
export function checkDate(date: Date): number {
  const milliseconds = date.getTime();
  if (!Number.isNaN(milliseconds)) return milliseconds;
  throw new RangeError("Cannot use a date: it is invalid, give a valid one");
}

const ISO =
  /^((?:\d{4}|[+-]\d{6})-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}:\d{2})?)?$/;

/**
 * Parses an ISO date, with or without a time, into milliseconds. A date without
 * a zone is UTC; `Date.parse` would use local time, which differs between
 * computers.
 */
export function parseUtc(text: string): number {
  const [, day, time = "00:00", zone = "Z"] = ISO.exec(text) ?? [];
  const milliseconds = Date.parse(`${day}T${time}${zone}`);
  if (!Number.isNaN(milliseconds) && isInCalendar(day!)) return milliseconds;
  throw new RangeError(
    `Cannot use the date '${text}': wanted one like '2024-01-31', '2024-01-31 12:00:00' or '2024-01-31T12:00:00+01:00'`,
  );
}

/** Rejects dates such as February 31, which `Date` reads as a day in March. */
function isInCalendar(day: string): boolean {
  return new Date(`${day}T00:00Z`).toISOString().startsWith(day);
}
