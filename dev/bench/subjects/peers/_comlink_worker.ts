/** The Worker's side of comlink. */
import { expose } from "comlink";
import { answer } from "../subject.ts";
import { echo, hang } from "./_work.ts";

const api = { answer, echo: echo<string | Uint8Array>, hang };

/** What is exposed. */
export type ComlinkApi = typeof api;

expose(api);
