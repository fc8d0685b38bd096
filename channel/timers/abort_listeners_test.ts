import { assertEquals } from "@std/assert";
import {
  AbortListeners,
  listenForAbort,
  stopListening,
} from "./abort_listeners.ts";
import { WatchedSignal } from "../fixtures/watched_signal.ts";

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
  listeners.remove(a!);
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
    listeners.remove(it);
    listeners.remove(it);
    assertEquals(watched.listening, 0);
  }
});

Deno.test("AbortListeners.clear forgets the members of all signals", () => {
  const [one, other] = [new WatchedSignal(), new WatchedSignal()];
  const aborted: string[] = [];
  const listeners = new AbortListeners();
  const it = member("a", aborted);
  listeners.add(one.signal, it);
  listeners.add(other.signal, member("b", aborted));
  listeners.clear();
  assertEquals([one.listening, other.listening], [0, 0]);
  listeners.remove(it);
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
      listeners.remove(second);
    },
  };
  listeners.add(watched.signal, first);
  listeners.add(watched.signal, second);
  watched.abort("now");
  assertEquals(aborted, ["first", "second now"]);
});

Deno.test("listenForAbort adds one listener a signal, whoever listens", () => {
  const watched = new WatchedSignal();
  const aborted: string[] = [];
  const members = Array.from({ length: 5 }, (_, n) => member(`${n}`, aborted));
  for (const it of members) listenForAbort(watched.signal, it);
  const owner = new AbortListeners();
  owner.add(watched.signal, member("owned", aborted));
  assertEquals([watched.added, watched.listening], [1, 1]);
  stopListening(watched.signal, members[1]!);
  watched.abort("now");
  const ended = ["0 now", "2 now", "3 now", "4 now", "owned now"];
  assertEquals(aborted, ended);
  // Too late: nothing happens, as with listeners of the signal itself.
  listenForAbort(watched.signal, members[1]!);
  assertEquals([aborted, watched.added], [ended, 1]);
});

Deno.test("stopListening leaves a signal alone that nothing listens to", () => {
  const watched = new WatchedSignal();
  const [one, two] = [member("1", []), member("2", [])];
  listenForAbort(watched.signal, one);
  stopListening(watched.signal, two);
  assertEquals(watched.listening, 1);
  stopListening(watched.signal, one);
  stopListening(watched.signal, one);
  assertEquals([watched.added, watched.listening], [1, 0]);
});
