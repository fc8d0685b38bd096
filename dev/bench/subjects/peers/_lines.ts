import type { Socket } from "node:net";

/** Sends lines of text over a socket and hears those of the other side. */
export class Lines {
  readonly #socket: Socket;
  #batch = "";
  #rest = "";
  #onLine: (line: string) => void = () => {};

  /** The socket is read from here on. */
  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => this.#take(text));
  }

  /** Sends a line: one write takes all that one turn of the loop brings. */
  post(line: string): void {
    if (this.#batch === "") queueMicrotask(() => this.#flush());
    this.#batch += `${line}\n`;
  }

  /** Hands each line, from here on, to `onLine`. */
  hear(onLine: (line: string) => void): void {
    this.#onLine = onLine;
  }

  #flush(): void {
    const batch = this.#batch;
    this.#batch = "";
    if (this.#socket.writable) this.#socket.write(batch);
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop()!;
    for (const line of lines) this.#onLine(line);
  }
}
