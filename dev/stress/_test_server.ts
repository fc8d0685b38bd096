import { expose } from "../../rpc/service/expose.ts";
import { rest } from "../shared/wait.ts";

/** The service of a test server. */
export class TestServer {
  /** Calls that have begun. */
  runs = 0;
  /** Slow calls that are running. */
  underWay = 0;
  /** The maximum number of simultaneous slow calls. */
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
