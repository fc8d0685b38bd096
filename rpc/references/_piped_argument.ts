/** The prefix of the paths of results that one side keeps for the other. */
export const RESULT_PREFIX = "$/result/";

/** An argument that stands for the result of an earlier call, by its path. */
export class PipedArgument {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }
}
