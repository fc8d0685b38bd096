import { Agent, type Container } from "@denomas/denomas/agent";
import { expose } from "@denomas/denomas/rpc";

export class Room extends Agent {
  readonly #home: string;
  #celsius: number;

  constructor(
    container: Container,
    name: string,
    celsius: number,
    home = container.address,
  ) {
    super(container, { id: name });
    this.#celsius = celsius;
    this.#home = home;
  }

  protected override async onStart() {
    await this.container.group("rooms", { home: this.#home }).join(this);
  }

  @expose
  temperature(): number {
    return this.#celsius;
  }

  @expose
  warm(degrees: number): number {
    return this.#celsius += degrees;
  }
}

export class Thermostat extends Agent {
  protected override onStart() {
    this.every(600, () => this.#check());
  }

  async #check(): Promise<void> {
    const rooms = this.container.group<Room>("rooms");
    for (
      const { member, value } of await rooms.ask({ within: 5 }).temperature()
    ) {
      if (value === undefined || value >= 20) continue;
      const room = await this.container.connect<Room>(member);
      await room.warm(1);
    }
  }
}
