import { testInterruptedDemo } from "../fixtures/interrupted_demo.ts";

testInterruptedDemo(
  "The greeting demo leaves nothing behind when it is ended",
  new URL("main.ts", import.meta.url),
  /server at (tcp:\S+),/,
);
