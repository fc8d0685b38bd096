import type { Socket } from "node:net";

/** Sends and receives lines of text over a socket. */
export class Lines {
  readonly #socket: Socket;
  #batch = "";
  #rest = "";
  #onLine: (line: string) => void = () => {};

  /** Starts to read the socket. */
  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => this.#take(text));
  }

  /** Sends a line; all lines of one turn of the event loop share a write. */
  post(line: string): void {
    if (this.#batch === "") queueMicrotask(() => this.#flush());
    this.#batch += `${line}\n`;
  }

  /** Passes each line from now on to `onLine`. */
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
