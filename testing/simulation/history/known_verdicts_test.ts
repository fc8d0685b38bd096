// Histories whose verdicts are known from Porcupine, a checker written in Go.
// The small ones are in this file. The large ones are in Porcupine's module,
// which `go mod download` puts into the module cache; they are checked if it is
// there.
import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { checkLinearizability } from "./check.ts";
import type { HistoryEvent } from "./events.ts";
import { eventsOf, type ShortEvent } from "./fixtures/sequences.ts";
import {
  APPENDING,
  ETCD_LINEARIZABLE,
  parseEtcdLog,
  parseKeyValueLog,
} from "./fixtures/porcupine.ts";
import { register } from "./models.ts";

const GET = ["read", undefined] as const;

/** Small histories of a register whose initial value is 0. */
const SMALL: Readonly<Record<string, readonly [boolean, ShortEvent[]]>> = {
  "reads on both sides of the moment of a write": [true, [
    ...[["a", "write", 100], ["b", ...GET], ["c", ...GET]] as const,
    ...[["c", 0], ["b", 100], ["a", undefined]] as const,
  ]],
  "a read of the old value after a read of the new one": [false, [
    ...[["a", "write", 200], ["b", ...GET], ["b", 200]] as const,
    ...[["c", ...GET], ["c", 0], ["a", undefined]] as const,
  ]],
  "reads that take no time, before the moment of a write": [true, [
    ...[["a", "write", 100], ["b", ...GET], ["c", ...GET], ["c", 0]] as const,
    ...[["d", ...GET], ["d", 0], ["b", 100], ["a", undefined]] as const,
  ]],
  "a stale read after reads that take no time": [false, [
    ...[["a", "write", 200], ["b", ...GET], ["b", 200]] as const,
    ...[["c", ...GET], ["c", 200], ["d", ...GET], ["d", 0]] as const,
    ...[["a", undefined]] as const,
  ]],
};

for (const [name, [isRight, events]] of Object.entries(SMALL)) {
  Deno.test(`checkLinearizability gives the known verdict on ${name}`, () => {
    const { result } = checkLinearizability(register(0), eventsOf(events));
    assertEquals(result, isRight ? "linearizable" : "not linearizable");
  });
}

const MODULE = "github.com/anishathalye/porcupine@v1.3.1";

/** Returns the folder of the large histories, or `null` if it is missing. */
function findHistories(): string | null {
  const home = Deno.env.get("HOME") ?? "";
  const cache = Deno.env.get("GOMODCACHE") ??
    join(Deno.env.get("GOPATH") ?? join(home, "go"), "pkg", "mod");
  const folder = join(cache, MODULE, "test_data");
  try {
    return Deno.statSync(folder).isDirectory ? folder : null;
  } catch {
    return null;
  }
}

const folder = findHistories();
const reason = folder === null
  ? ` (left out: run 'go mod download ${MODULE}')`
  : "";

function testLarge(name: string, fn: (folder: string) => Promise<void>): void {
  Deno.test({
    name: `checkLinearizability gives the known verdicts on ${name}${reason}`,
    ignore: folder === null,
    fn: () => fn(folder!),
  });
}

testLarge("102 logs of etcd", async (folder) => {
  const verdicts: Record<string, string> = {};
  const expected: Record<string, string> = {};
  for (let log = 0; log <= 102; log++) {
    // Log 95 is empty.
    if (log === 95) continue;
    const name = `etcd_${String(log).padStart(3, "0")}.log`;
    const text = await Deno.readTextFile(join(folder, "jepsen", name));
    const events: HistoryEvent[] = parseEtcdLog(text);
    const isRight = ETCD_LINEARIZABLE.has(log);
    expected[name] = isRight ? "linearizable" : "not linearizable";
    verdicts[name] = checkLinearizability(register<number>(), events).result;
  }
  assertEquals(verdicts, expected);
});

testLarge("six logs of a store with keys", async (folder) => {
  for (const clients of ["c01", "c10", "c50"]) {
    for (const kind of ["ok", "bad"]) {
      const name = `${clients}-${kind}.txt`;
      const text = await Deno.readTextFile(join(folder, "kv", name));
      const { result } = checkLinearizability(
        APPENDING,
        parseKeyValueLog(text),
      );
      const expected = kind === "ok" ? "linearizable" : "not linearizable";
      assertEquals(result, expected, name);
    }
  }
});
