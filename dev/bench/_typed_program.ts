/** What a program uses its services by. */
export type Access =
  /** By themselves: `value` is the service. */
  | { readonly kind: "direct" }
  /** By a proxy, whose type `Remote` is exported by `module`. */
  | { readonly kind: "remote"; readonly module: string };

/**
 * One way to declare a method and to call it. `value` stands for a service,
 * or its proxy; what a call gives is awaited, so that both can be written
 * alike.
 */
interface Shape {
  declare(name: string): string;
  use(value: string, name: string): string;
}

/** As methods are in the wild: most take and return data. */
const SHAPES: readonly Shape[] = [
  {
    declare: (name) => `${name}(a: number, b?: string): number;`,
    use: (value, name) => `const r: number = await ${value}.${name}(1, "b");`,
  },
  {
    declare: (name) => `${name}(user: User): Promise<User>;`,
    use: (value, name) => `const r: User = await ${value}.${name}(user);`,
  },
  {
    declare: (name) =>
      `${name}(query: { text: string; limit: number }): { users: User[]; total: number };`,
    use: (value, name) =>
      `const r: User[] = (await ${value}.${name}({ text: "", limit: 1 })).users;`,
  },
  {
    declare: (name) => `${name}<T extends User>(user: T): Promise<T>;`,
    use: (value, name) => `const r: User = await ${value}.${name}(user);`,
  },
  {
    declare: (name) =>
      `${name}(...ids: number[]): Promise<Map<number, string> | null>;`,
    use: (value, name) =>
      `const r: Map<number, string> | null = await ${value}.${name}(1, 2);`,
  },
  {
    declare: (name) => `${name}(onItem: (item: User) => void): void;`,
    use: (value, name) => `await ${value}.${name}((item) => item.id);`,
  },
  {
    declare: (name) => `${name}(from: Date): AsyncIterable<User>;`,
    use: (value, name) =>
      `for await (const r of await ${value}.${name}(new Date())) r.id;`,
  },
  {
    declare: (name) => `${name}(key: string): Session;`,
    use: (value, name) =>
      `const r: string = await (await ${value}.${name}("key")).greet("Ada");`,
  },
];

const HEAD = `
interface User {
  readonly id: number;
  readonly name: string;
  readonly tags: readonly string[];
  readonly address: { readonly street: string; readonly town: string } | null;
  readonly friends: User[];
}
interface Session {
  readonly since: number;
  greet(name: string): string;
}
declare const user: User;
`;

/**
 * Writes a program with `methods` methods, as many in a service as
 * `methodsEach`, that calls each of them.
 */
export function typedProgram(
  access: Access,
  methods: number,
  methodsEach: number,
): string {
  const services = Math.ceil(methods / methodsEach);
  const lines = [HEAD];
  if (access.kind === "remote") {
    lines.unshift(`import type { Remote } from "${access.module}";`);
  }
  for (let index = 0; index < services; index++) {
    const count = Math.min(methodsEach, methods - index * methodsEach);
    lines.push(declareService(index, count));
  }
  lines.push("interface Root {");
  for (let index = 0; index < services; index++) {
    lines.push(`  readonly service${index}: Service${index};`);
  }
  const type = access.kind === "remote" ? "Remote<Root>" : "Root";
  lines.push("}", `declare const root: ${type};`);
  for (let index = 0; index < services; index++) {
    const count = Math.min(methodsEach, methods - index * methodsEach);
    lines.push(useService(index, count));
  }
  return lines.join("\n") + "\n";
}

function declareService(index: number, methods: number): string {
  const members = Array.from(
    { length: methods },
    (_, method) => `  ${shapeOf(method).declare(`method${method}`)}`,
  );
  return [
    `interface Service${index} {`,
    "  readonly config: { readonly port: number; readonly user: User };",
    ...members,
    "}",
  ].join("\n");
}

function useService(index: number, methods: number): string {
  const uses = Array.from(
    { length: methods },
    (_, method) =>
      `  { ${shapeOf(method).use(`root.service${index}`, `method${method}`)} }`,
  );
  return [`export async function use${index}() {`, ...uses, "}"].join("\n");
}

function shapeOf(method: number): Shape {
  return SHAPES[method % SHAPES.length]!;
}
