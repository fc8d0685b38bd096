/** The benchmarks print by what the tools print by. */
export { print, printError } from "../checks/_print.ts";
