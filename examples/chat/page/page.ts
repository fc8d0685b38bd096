/// <reference lib="dom" />
import { openReconnecting, withOptions } from "@denomas/denomas/browser";
import { resumable } from "@denomas/denomas/topics";
import type { Chat, Line } from "../chat.ts";

const find = (id: string) => document.getElementById(id)!;
const field = (id: string) => find(id) as HTMLInputElement;

/** Creates an element with a text, which is never parsed as HTML. */
function make(tag: string, textContent: string): HTMLElement {
  return Object.assign(document.createElement(tag), { textContent });
}

const STATES: Readonly<Record<string, string>> = {
  connected: "Connected",
  reconnecting: "Connecting …",
  offline: "Offline",
  closed: "Not connected",
};

function showState(state: string): void {
  find("state").textContent = STATES[state]!;
  find("state").dataset.state = state;
}

/** Shows a line once. A line that was waiting moves to its final place. */
function showLine({ id, by, text, at }: Line, isWaiting = false): void {
  const known = document.getElementById(id);
  if (known?.className === "") return;
  known?.remove();
  const time = new Date(at).toTimeString().slice(0, 5);
  const item = make("li", "");
  item.id = id;
  item.append(make("b", by), make("time", time), make("p", text));
  if (isWaiting) item.className = "waiting";
  const next = isWaiting ? null : find("lines").querySelector(".waiting");
  find("lines").insertBefore(item, next);
  item.scrollIntoView({ block: "nearest" });
}

async function join(name: string): Promise<void> {
  showState(navigator.onLine ? "reconnecting" : "offline");
  const address = `${location.origin.replace("http", "ws")}/rpc`;
  const client = await openReconnecting<Chat>(address, {
    credentials: name,
    // The first connection, and calls without a connection, may wait forever.
    ...{ retryForMs: Infinity, queueTimeoutMs: Infinity },
    onStateChange: showState,
  });
  showState(client.state);
  find("join").hidden = true;
  find("chat").hidden = false;

  let room = "";
  let leaving = new AbortController();
  function enter(name: string): void {
    leaving.abort();
    const { signal } = leaving = new AbortController();
    const remote = withOptions(client.remote, { signal });
    room = find("room").textContent = name;
    find("lines").replaceChildren();
    const lines = resumable((after?: number) => remote.lines(name, after));
    follow(lines, signal, (line) => showLine(line));
    const people = resumable(() => remote.people(name));
    follow(people, signal, (names) => {
      find("people").replaceChildren(...names.map((it) => make("li", it)));
    });
  }

  for (const value of await client.remote.rooms()) {
    const label = make("label", value);
    const type = "radio";
    const choice = document.createElement("input");
    const onchange = () => enter(value);
    label.prepend(
      Object.assign(choice, { type, name: "room", value, onchange }),
    );
    find("rooms").append(label);
  }
  find("rooms").querySelector("input")?.click();

  let sent = Promise.resolve();
  find("say").onsubmit = (event) => {
    event.preventDefault();
    const [to, id, text] = [room, crypto.randomUUID(), field("text").value];
    field("text").value = "";
    showLine({ id, room, by: name, text, at: Date.now() }, true);
    // Send lines one after the other, so that resent lines keep their order.
    sent = sent.then(() => client.remote.say(to, id, text)).catch((error) => {
      document.getElementById(id)?.append(make("small", error.message));
    });
  };
  field("text").focus();
}

/** Shows each item, until `signal` aborts. */
async function follow<T>(
  items: AsyncIterable<{ readonly value: T }>,
  signal: AbortSignal,
  show: (value: T) => void,
): Promise<void> {
  try {
    for await (const { value } of items) if (!signal.aborted) show(value);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

find("join").onsubmit = async (event) => {
  event.preventDefault();
  await join(field("name").value.trim()).catch((error) => {
    showState("closed");
    find("problem").textContent = error.message;
  });
};
