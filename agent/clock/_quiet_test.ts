import { assertEquals, assertMatch } from "@std/assert";
import type { ContainerTraffic, LinkTraffic } from "./_party.ts";
import { Quiet } from "./_quiet.ts";

/** The traffic of container `id`, at the address `at ID`. */
function container(id: string, ...links: LinkTraffic[]): ContainerTraffic {
  return { id, address: `at ${id}`, links, pending: 0 };
}

function link(
  name: string,
  to: string | null,
  sent: number,
  received: number,
): LinkTraffic {
  return { name, to, sent, received };
}

Deno.test("Quiet sees messages that one end has sent and the other not got", () => {
  const quiet = new Quiet();
  const judge = (got: number, answered: number, heard: number) =>
    quiet.underWay([
      container("a", link("a/1", "at b", 5, heard)),
      container("b", link("a/1", null, answered, got)),
    ]);
  assertEquals(judge(5, 3, 3), null);
  assertMatch(judge(4, 3, 3)!, /messages to or from 'at b'/);
  assertMatch(judge(5, 3, 2)!, /messages/);
  // This end was reported later, and so has received more than the other had
  // sent.
  assertMatch(judge(4, 3, 4)!, /messages/);
});

Deno.test("Quiet waits until both ends know of a connection, and of its end", () => {
  const quiet = new Quiet();
  const [a, b] = [container("a"), container("b")];
  const initiator = container("a", link("a/1", "at b", 1, 0));
  const acceptor = container("b", link("a/1", null, 1, 1));
  assertMatch(quiet.underWay([initiator, b])!, /a connection to 'at b'/);
  assertMatch(quiet.underWay([a, acceptor])!, /a connection/);
  // Container 'a' is gone, but 'b' has not noticed yet.
  assertMatch(quiet.underWay([acceptor])!, /gone/);
  assertEquals(quiet.underWay([b]), null);
});

Deno.test("Quiet leaves out connections to programs that never reported", () => {
  const quiet = new Quiet();
  const traffic = container(
    "a",
    link("a/1", "at another", 5, 3),
    link("stranger/1", null, 9, 1),
  );
  assertEquals(quiet.underWay([traffic]), null);
});

Deno.test("Quiet waits for what ends by itself", () => {
  const traffic = { ...container("a"), pending: 1 };
  assertMatch(new Quiet().underWay([traffic])!, /'at a' connects or spawns/);
});
