import { call, expose, ServiceError } from "@denomas/denomas/rpc";
import { Topic, type TopicEntry } from "@denomas/denomas/topics";

/** The numbers of lines that a room keeps, and that are shown on joining. */
const KEPT = 500;
const SHOWN = 50;

/** A line in a room. */
export interface Line {
  /** A UUID, created by the author's page. */
  readonly id: string;
  readonly room: string;
  readonly by: string;
  readonly text: string;
  /** The time when it was said, in milliseconds since 1970. */
  readonly at: number;
}

/**
 * The service that pages call. Users are in a room while they read its lines.
 */
export class Chat {
  readonly #rooms: ReadonlyMap<string, Room>;
  readonly #file: string | undefined;

  /** Creates rooms, with the lines stored in `file`. */
  constructor(file?: string, rooms = ["Lobby", "Kitchen", "Garden"]) {
    this.#rooms = new Map(rooms.map((name) => [name, new Room()]));
    this.#file = file;
    if (file === undefined) return;
    Deno.writeTextFileSync(file, "", { append: true });
    const lines = Deno.readTextFileSync(file).split("\n").filter(Boolean);
    for (const line of lines.map((it) => JSON.parse(it) as Line)) {
      this.#rooms.get(line.room)?.add(line);
    }
  }

  @expose
  rooms(): string[] {
    return [...this.#rooms.keys()];
  }

  /**
   * Adds a line. If a page loses the connection before the answer, it sends the
   * line again, and the second call has no effect.
   */
  @expose({ idempotent: true })
  say(name: string, id: string, text: string): void {
    const isLine = typeof id === "string" && id.length === 36 &&
      typeof text === "string" && text.length <= 500;
    if (!isLine) throw new ServiceError("It is too long", { code: "no-line" });
    const room = this.#room(name);
    if (room.has(id)) return;
    const by = String(call().identity);
    const line = { id, room: name, by, text, at: Date.now() };
    // Store the line before showing it, so that every visible line is kept.
    if (this.#file !== undefined) {
      const json = `${JSON.stringify(line)}\n`;
      Deno.writeTextFileSync(this.#file, json, { append: true });
    }
    room.add(line);
  }

  /**
   * Returns the lines after a known one, or the last ones, followed by all new
   * ones.
   */
  @expose
  lines(name: string, after?: number): AsyncIterable<TopicEntry<Line>> {
    const from = after === undefined ? { last: SHOWN } : { after };
    const as = call().identity;
    return this.#room(name).lines.entries({ ...from, as, onSlow: "skip" });
  }

  /** Returns the people in a room, now and after each change. */
  @expose
  people(name: string): AsyncIterable<TopicEntry<readonly string[]>> {
    return this.#room(name).people.entries({ last: 1, onSlow: "skip" });
  }

  #room(name: string): Room {
    const room = this.#rooms.get(name);
    if (room !== undefined) return room;
    throw new ServiceError("There is no such room", { code: "no-room" });
  }
}

class Room {
  readonly lines = new Topic<Line>({ keep: KEPT });
  readonly people = new Topic<readonly string[]>({ keep: 1 });
  /** The ids of the kept lines. */
  readonly #ids = new Set<string>();

  constructor() {
    this.#watchPeople();
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  add(line: Line): void {
    this.#ids.add(line.id);
    const [oldest] = this.#ids;
    if (this.#ids.size > KEPT) this.#ids.delete(oldest!);
    this.lines.publish(line);
  }

  async #watchPeople(): Promise<void> {
    const changes = this.lines.presence.subscribe({ onSlow: "skip" });
    for await (const _ of changes) {
      const names = new Set(this.lines.subscribers.map(String));
      await this.people.publish([...names].sort());
    }
  }
}
