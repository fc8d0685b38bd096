import { assertEquals, assertMatch } from "@std/assert";
import { ConnectionClosedError } from "../../channel/errors.ts";
import { CallAudit } from "./_call_audit.ts";
import { NUMBERS_EACH } from "./_call_log.ts";
import { Counters } from "./_counters.ts";

function lostError(sent: boolean): ConnectionClosedError {
  const details = { by: "peer", code: "lost", sent } as const;
  return new ConnectionClosedError("Cannot send", details);
}

/** Returns the only breach that `trouble` causes, or `undefined`. */
async function breachOf(
  trouble: (audit: CallAudit) => Promise<unknown>,
): Promise<string | undefined> {
  const counters = new Counters();
  const audit = new CallAudit("a trial", counters);
  await trouble(audit);
  audit.close();
  assertEquals(counters.breaches.length <= 1, true);
  return counters.breaches[0];
}

const kind = "a call";

Deno.test("CallAudit balance when calls are answered, or fail as they may", async () => {
  const breach = await breachOf(async (audit) => {
    await audit.call({ kind }, (n) => Promise.resolve(audit.run(n)));
    await audit.call({ kind }, () => Promise.reject(lostError(false)));
    await audit.call({ kind }, (n) => {
      audit.run(n);
      return Promise.reject(lostError(true));
    });
    await audit.call({ kind, isIdempotent: true }, (n) => {
      audit.run(n);
      return Promise.resolve(audit.run(n));
    });
  });
  assertEquals(breach, undefined);
});

Deno.test("CallAudit find each way in which a call can go wrong", async () => {
  const ways: [RegExp, (audit: CallAudit, n: number) => Promise<unknown>][] = [
    [/ran 2 times/, (audit, n) => {
      audit.run(n);
      return Promise.resolve(audit.run(n));
    }],
    [/never ran/, (_, n) => Promise.resolve(n)],
    [/was answered with "else"/, (audit, n) => {
      audit.run(n);
      return Promise.resolve("else");
    }],
    [/cannot have/, (audit, n) => {
      audit.run(n);
      return Promise.reject(lostError(false));
    }],
    [/nobody made it/, (audit, n) => {
      audit.run(n + 1);
      return Promise.resolve(audit.run(n));
    }],
    [/failed with .*odd/, () => Promise.reject(new Error("odd"))],
  ];
  for (const [wanted, way] of ways) {
    const breach = await breachOf((audit) =>
      audit.call({ kind }, (n) => way(audit, n))
    );
    assertMatch(breach ?? "", wanted);
  }
  const unsettled = await breachOf((audit) => {
    audit.call({ kind }, () => new Promise(() => {}));
    return Promise.resolve();
  });
  assertMatch(unsettled ?? "", /was never settled/);
});

Deno.test("CallAudit take the entries of a killed process, in any order", async () => {
  const first = NUMBERS_EACH;
  const terms = { kind };
  const breach = await breachOf((audit) => {
    audit.enter({ is: "run", n: first });
    audit.enter({ is: "made", n: first, terms });
    audit.enter({ is: "answered", n: first, trouble: null });
    audit.enter({ is: "made", n: first + 1, terms });
    audit.abandon(first);
    return Promise.resolve();
  });
  assertEquals(breach, undefined);
  const unsettled = await breachOf((audit) => {
    audit.enter({ is: "made", n: 2 * first, terms });
    audit.abandon(first);
    return Promise.resolve();
  });
  assertMatch(unsettled ?? "", /was never settled/);
});
