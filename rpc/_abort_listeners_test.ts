import { assertEquals } from "@std/assert";
import { AbortListeners } from "./_abort_listeners.ts";
import { WatchedSignal } from "./fixtures/watched_signal.ts";

function member(name: string, aborted: string[]) {
  return { abort: (reason: unknown) => void aborted.push(`${name} ${reason}`) };
}

Deno.test("AbortListeners aborts the members of a signal, in order, and no others", () => {
  const [one, other] = [new WatchedSignal(), new WatchedSignal()];
  const aborted: string[] = [];
  const listeners = new AbortListeners();
  const [a, b, c, d] = ["a", "b", "c", "d"].map((it) => member(it, aborted));
  for (const it of [b!, a!, c!]) listeners.add(one.signal, it);
  listeners.add(other.signal, d!);
  listeners.remove(one.signal, a!);
  one.abort("now");
  assertEquals(aborted, ["b now", "c now"]);
  assertEquals([one.added, one.listening], [1, 0]);
  assertEquals([other.added, other.listening], [1, 1]);
});

Deno.test("AbortListeners listens only while a signal has members", () => {
  const watched = new WatchedSignal();
  const listeners = new AbortListeners();
  const it = member("a", []);
  for (let round = 1; round <= 2; round++) {
    listeners.add(watched.signal, it);
    assertEquals([watched.added, watched.listening], [round, 1]);
    listeners.remove(watched.signal, it);
    listeners.remove(watched.signal, it);
    assertEquals(watched.listening, 0);
  }
});

Deno.test("AbortListeners.clear forgets the members of all signals", () => {
  const [one, other] = [new WatchedSignal(), new WatchedSignal()];
  const aborted: string[] = [];
  const listeners = new AbortListeners();
  const it = member("a", aborted);
  for (const { signal } of [one, other]) listeners.add(signal, it);
  listeners.clear();
  assertEquals([one.listening, other.listening], [0, 0]);
  listeners.remove(one.signal, it);
  one.abort("now");
  assertEquals(aborted, []);
});

Deno.test("AbortListeners bears with a member that removes another as it is aborted", () => {
  const watched = new WatchedSignal();
  const aborted: string[] = [];
  const listeners = new AbortListeners();
  const second = member("second", aborted);
  const first = {
    abort() {
      aborted.push("first");
      listeners.remove(watched.signal, second);
    },
  };
  listeners.add(watched.signal, first);
  listeners.add(watched.signal, second);
  watched.abort("now");
  assertEquals(aborted, ["first", "second now"]);
});
