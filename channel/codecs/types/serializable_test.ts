import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { serializable, serializerOf } from "./serializable.ts";
import { TypeTable } from "./type_table.ts";

@serializable
class Point {
  readonly x: number;
  readonly y: number;
  private constructor(x: number, y: number) {
    this.x = x;
    this.y = y;
  }
  static at(x: number, y: number): Point {
    return new Point(x, y);
  }
  toData(): unknown {
    return [this.x, this.y];
  }
  static fromData([x, y]: [number, number]): Point {
    return new Point(x, y);
  }
}

@serializable({
  serialize: (money) => money.cents,
  deserialize: (cents) => new Money(Number(cents)),
})
class Money {
  constructor(readonly cents: number) {}
}

class Euro extends Money {}

Deno.test("serializerOf a class that knows its data goes both ways", () => {
  const table = new TypeTable([serializerOf(Point), serializerOf(Money)]);
  const packed = table.pack([Point.at(1, 2), new Money(5)]);
  assertEquals(packed, [{ __type__: [0, [1, 2]] }, { __type__: [1, 5] }]);
  const [point, money] = table.unpack(packed) as [Point, Money];
  assertInstanceOf(money, Money);
  assertEquals([point, money], [Point.at(1, 2), new Money(5)]);
});

Deno.test("serializerOf refuses a class without the mark", () => {
  class Plain {}
  assertThrows(() => serializerOf(Plain), TypeError, "'Plain'");
});

Deno.test("serializerOf refuses a subclass without a mark of its own", () => {
  assertThrows(() => serializerOf(Euro), TypeError, "'Euro'");
});

Deno.test("serializable gives a subclass a mark of its own", () => {
  @serializable({
    serialize: ({ cents }) => [cents],
    deserialize: (data) => new Dollar((data as number[])[0] ?? 0),
  })
  class Dollar extends Money {}
  const table = new TypeTable([serializerOf(Money), serializerOf(Dollar)]);
  const packed = table.pack(new Dollar(3));
  assertEquals(packed, { __type__: [1, [3]] });
  assertInstanceOf(table.unpack(packed), Dollar);
});

Deno.test("serializable refuses a class that does not know its data", () => {
  assertThrows(
    () => {
      // @ts-expect-error: it has neither method
      @serializable
      class Neither {}
      return Neither;
    },
    TypeError,
    "'Neither'",
  );
  assertThrows(
    () => {
      // @ts-expect-error: it has no fromData
      @serializable
      class Half {
        toData(): number {
          return 1;
        }
      }
      return Half;
    },
    TypeError,
    "fromData",
  );
});
