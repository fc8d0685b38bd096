import { assertEquals } from "@std/assert";
import { Books, type WorkerLine } from "./_books.ts";

const begun = (id: string): WorkerLine => ({ kind: "begun", id, account: "a" });
const paid = (id: string): WorkerLine => ({ kind: "paid", id });
const failed = (id: string, hasNotRun: boolean): WorkerLine => ({
  kind: "failed",
  id,
  hasNotRun,
  name: "Error",
});
const account = (...payments: string[]): WorkerLine => ({
  kind: "account",
  account: "a",
  payments,
});

function breachesOf(...lines: WorkerLine[]): string[] {
  const books = new Books();
  for (const line of lines) books.enter(line);
  return books.breaches();
}

Deno.test("Books balance when each payment ran as its caller was told", () => {
  assertEquals(
    breachesOf(
      ...["1", "2", "3", "4"].map(begun),
      paid("1"),
      failed("2", false),
      failed("3", false),
      failed("4", true),
      account("1", "3"),
    ),
    [],
  );
});

const BROKEN: readonly (readonly [string, readonly WorkerLine[]])[] = [
  ["that ran twice", [begun("1"), paid("1"), account("1", "1")]],
  ["that is lost", [begun("1"), paid("1"), account()]],
  ["that is pending", [begun("1"), account("1")]],
  ["that ran after all", [begun("1"), failed("1", true), account("1")]],
  ["that nobody has made", [account("1")]],
  ["that ran elsewhere", [
    { kind: "begun", id: "1", account: "b" },
    paid("1"),
    account("1"),
  ]],
];

for (const [what, lines] of BROKEN) {
  Deno.test(`Books do not balance with a payment ${what}`, () => {
    assertEquals(breachesOf(...lines).length, 1);
  });
}
