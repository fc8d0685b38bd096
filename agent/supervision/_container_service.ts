import { call } from "../../rpc/call.ts";
import { expose } from "../../rpc/service/expose.ts";
import type { Router } from "../../rpc/service/service.ts";
import { classNameOf } from "../address.ts";
import type { AgentLike } from "../agent_options.ts";
import { GroupHome } from "../groups/_home.ts";
import type { Supervisor } from "./_supervisor.ts";
import { WatchDesk } from "./_watch_desk.ts";

/** The methods of a container that other containers call. */
export class ContainerService {
  readonly #supervisor: Supervisor;
  readonly #registrationKeys: ReadonlyMap<string, string>;
  /** The agents, by id. */
  @expose
  readonly agents: Router<AgentLike>;
  /** The groups whose home is this container. */
  @expose
  readonly groups: GroupHome = new GroupHome();
  /** The watches that other containers have on agents. */
  @expose
  readonly watches: WatchDesk;

  /**
   * `registrationKeys` holds the keys of registrations made by this container,
   * each with the address of its directory. Each connection may watch
   * `maxWatches` agents.
   */
  constructor(
    supervisor: Supervisor,
    registrationKeys: ReadonlyMap<string, string>,
    maxWatches: number,
  ) {
    this.watches = new WatchDesk(supervisor, maxWatches);
    this.#supervisor = supervisor;
    this.#registrationKeys = registrationKeys;
    this.agents = supervisor.visible;
  }

  /** Returns the class name of an agent; `null` if there is no such agent. */
  @expose
  validate_aid(id: string): string | null {
    const agent = this.agents.get(id);
    return agent === undefined ? null : classNameOf(agent);
  }

  /**
   * Returns whether this container made a registration with this key, at the
   * directory with this address. Directories call it to check that the
   * registrant owns its address. A key is valid at one directory only, so that
   * a directory cannot use it to register elsewhere.
   */
  @expose
  confirm_registration(key: string, directory: string): boolean {
    const known = this.#registrationKeys.get(key);
    return known !== undefined && known === directory;
  }

  /** Resolves to a reason when an agent is gone. */
  @expose
  watch_aid(id: string): Promise<string> {
    return this.#supervisor.watch(id, call().signal);
  }
}
