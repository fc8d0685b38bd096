import { assertEquals, assertMatch } from "@std/assert";
import { ConnectionClosedError } from "../../channel/errors.ts";
import { Accounts } from "./_accounts.ts";
import { NUMBERS_EACH } from "./_books.ts";
import { Tally } from "./_tally.ts";

function lostError(sent: boolean): ConnectionClosedError {
  const details = { by: "peer", code: "lost", sent } as const;
  return new ConnectionClosedError("Cannot send", details);
}

/** The one breach of what `trouble` does to the books, or `undefined`. */
async function breachOf(
  trouble: (accounts: Accounts) => Promise<unknown>,
): Promise<string | undefined> {
  const tally = new Tally();
  const accounts = new Accounts("a trial", tally);
  await trouble(accounts);
  accounts.close();
  assertEquals(tally.breaches.length <= 1, true);
  return tally.breaches[0];
}

const kind = "a call";

Deno.test("Accounts balance when calls are answered, or fail as they may", async () => {
  const breach = await breachOf(async (accounts) => {
    await accounts.call({ kind }, (n) => Promise.resolve(accounts.run(n)));
    await accounts.call({ kind }, () => Promise.reject(lostError(false)));
    await accounts.call({ kind }, (n) => {
      accounts.run(n);
      return Promise.reject(lostError(true));
    });
    await accounts.call({ kind, isIdempotent: true }, (n) => {
      accounts.run(n);
      return Promise.resolve(accounts.run(n));
    });
  });
  assertEquals(breach, undefined);
});

Deno.test("Accounts find each way in which a call can go wrong", async () => {
  const ways: [RegExp, (accounts: Accounts, n: number) => Promise<unknown>][] =
    [
      [/ran 2 times/, (accounts, n) => {
        accounts.run(n);
        return Promise.resolve(accounts.run(n));
      }],
      [/never ran/, (_, n) => Promise.resolve(n)],
      [/was answered with "else"/, (accounts, n) => {
        accounts.run(n);
        return Promise.resolve("else");
      }],
      [/cannot have/, (accounts, n) => {
        accounts.run(n);
        return Promise.reject(lostError(false));
      }],
      [/nobody made it/, (accounts, n) => {
        accounts.run(n + 1);
        return Promise.resolve(accounts.run(n));
      }],
      [/failed with .*odd/, () => Promise.reject(new Error("odd"))],
    ];
  for (const [wanted, way] of ways) {
    const breach = await breachOf((accounts) =>
      accounts.call({ kind }, (n) => way(accounts, n))
    );
    assertMatch(breach ?? "", wanted);
  }
  const unsettled = await breachOf((accounts) => {
    accounts.call({ kind }, () => new Promise(() => {}));
    return Promise.resolve();
  });
  assertMatch(unsettled ?? "", /was never settled/);
});

Deno.test("Accounts take the entries of a killed process, in any order", async () => {
  const first = NUMBERS_EACH;
  const terms = { kind };
  const breach = await breachOf((accounts) => {
    accounts.enter({ is: "run", n: first });
    accounts.enter({ is: "made", n: first, terms });
    accounts.enter({ is: "answered", n: first, trouble: null });
    accounts.enter({ is: "made", n: first + 1, terms });
    accounts.abandon(first);
    return Promise.resolve();
  });
  assertEquals(breach, undefined);
  const unsettled = await breachOf((accounts) => {
    accounts.enter({ is: "made", n: 2 * first, terms });
    accounts.abandon(first);
    return Promise.resolve();
  });
  assertMatch(unsettled ?? "", /was never settled/);
});
