import { assertEquals, assertThrows } from "@std/assert";
import { checkDate, formatSeconds, parseUtc } from "./_time.ts";

Deno.test("parseUtc reads ISO dates, and takes them for UTC", () => {
  const cases = {
    "2024-01-31": "2024-01-31T00:00:00.000Z",
    "2024-01-31 12:00": "2024-01-31T12:00:00.000Z",
    // The format in which mosaik writes the start of a simulation.
    "2024-01-31 12:00:01": "2024-01-31T12:00:01.000Z",
    "2024-01-31T12:00:01.25": "2024-01-31T12:00:01.250Z",
    "2024-01-31T12:00:01Z": "2024-01-31T12:00:01.000Z",
    "2024-01-31T01:00:00+02:00": "2024-01-30T23:00:00.000Z",
    "2024-02-29": "2024-02-29T00:00:00.000Z",
  };
  for (const [text, expected] of Object.entries(cases)) {
    assertEquals(new Date(parseUtc(text)).toISOString(), expected, text);
  }
});

Deno.test("parseUtc refuses what is no ISO date, or not in the calendar", () => {
  const bad = [
    ...["", "now", "2024", "2024-1-1", "31.01.2024", "2024-01-31T", "Z"],
    ...["2024-02-30", "2023-02-29", "2024-13-01", "2024-01-00"],
    ...["2024-01-31T25:00", "2024-01-31T12:60", "2024-01-31Z"],
    ...["2024-01-31 12:00 +02:00", " 2024-01-31", "2024-01-31\n"],
  ];
  for (const text of bad) {
    assertThrows(() => parseUtc(text), RangeError, `'${text}'`);
  }
});

Deno.test("checkDate refuses an invalid date", () => {
  assertEquals(checkDate(new Date(5)), 5);
  assertThrows(() => checkDate(new Date(NaN)), RangeError);
});

Deno.test("formatSeconds leaves out what no one reads", () => {
  assertEquals([5, 0.1 + 0.2, 118.23456789].map(formatSeconds), [
    "5 s",
    "0.3 s",
    "118.234568 s",
  ]);
});
