import { expose } from "../../rpc/expose.ts";
import { rest } from "./_weather.ts";

/** A server with quick methods and slow ones. */
export class Hall {
  /** How many calls have begun. */
  runs = 0;
  /** Slow calls that run. */
  underWay = 0;
  /** The most of those at once. */
  mostUnderWay = 0;

  @expose
  quick(n: number): number {
    this.runs++;
    return n;
  }

  @expose
  async slow(n: number, ms: number): Promise<number> {
    this.runs++;
    this.underWay++;
    this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay);
    await rest(ms);
    this.underWay--;
    return n;
  }
}
