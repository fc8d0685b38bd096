import { assertEquals } from "@std/assert";
import { expose } from "../../rpc/service/expose.ts";
import type { Remote } from "../../rpc/remote.ts";
import { Agent, type AgentMembers } from "../agent.ts";
import type { Container } from "../container.ts";

class Greeter extends Agent {
  readonly #greeting: string;
  constructor(container: Container, greeting: string) {
    super(container, { id: "greeter" });
    this.#greeting = greeting;
  }
  @expose
  greet(name: string): string {
    return `${this.#greeting}, ${name}`;
  }
  @expose
  self(): Greeter {
    return this;
  }
}

/** True if two types are the same. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

Deno.test("Remote of an agent has its methods, and none of Agent's members", () => {
  const same: Same<keyof Remote<Greeter> & string, "greet" | "self"> = true;
  const none: Same<keyof Remote<Agent> & string, never> = true;
  assertEquals([same, none], [true, true]);
});

Deno.test("AgentMembers names all of Agent, hooks that are made public included", () => {
  type Hooks = "onStart" | "onClose" | "restore" | "snapshot";
  const all: Same<
    Extract<keyof Agent, string>,
    Exclude<AgentMembers, Hooks> | "toString"
  > = true;
  const hooks: Same<Extract<AgentMembers, Hooks>, Hooks> = true;
  assertEquals([all, hooks], [true, true]);
});

Deno.test("an agent that is returned arrives as its proxy", () => {
  const isProxy: Same<
    Exclude<
      keyof Awaited<ReturnType<Remote<Greeter>["self"]>>,
      keyof Remote<unknown>
    >,
    "greet" | "self" | typeof Symbol.dispose
  > = true;
  assertEquals(isProxy, true);
});

Deno.test("Container.spawn wants the arguments of the class", () => {
  // Compiled, but never run.
  const spawns = (container: Container) => [
    container.spawn(Greeter, "Hello"),
    // @ts-expect-error: the greeting is missing
    container.spawn(Greeter),
    // @ts-expect-error: it is no text
    container.spawn(Greeter, 5),
    // @ts-expect-error: it is no agent
    container.spawn(Date),
  ];
  const calls = async (remote: Remote<Greeter>) => {
    const text: string = await remote.greet("Ada");
    // @ts-expect-error: it stays on its own side
    remote.container;
    return text;
  };
  assertEquals([typeof spawns, typeof calls], ["function", "function"]);
});
