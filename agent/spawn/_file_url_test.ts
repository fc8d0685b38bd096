import { assertEquals } from "@std/assert";
import { fromFileUrl, isAbsolute, toFileUrl } from "./_file_url.ts";

Deno.test("isAbsolute tells what begins at a root", () => {
  for (const path of ["/", "/a/b.ts"]) {
    assertEquals(isAbsolute(path, "linux"), true);
  }
  for (const path of ["", "a", "./a", "C:\\a", "\\a"]) {
    assertEquals(isAbsolute(path, "linux"), false, path);
  }
  for (const path of ["C:\\a", "c:/a", "\\a", "\\\\host\\share", "/a"]) {
    assertEquals(isAbsolute(path, "windows"), true, path);
  }
  for (const path of ["", "a", "C:", "C:a", "https://a", ".\\a"]) {
    assertEquals(isAbsolute(path, "windows"), false, path);
  }
});

Deno.test("toFileUrl and fromFileUrl take each other's results, whatever a path holds", () => {
  const urls = {
    "/": "file:///",
    "/a b/ä?#.ts": "file:///a%20b/%C3%A4%3F%23.ts",
    "/a%20b/c%.ts": "file:///a%2520b/c%25.ts",
    "/a\\b": "file:///a%5Cb",
    "/a\nb\tc ": "file:///a%0Ab%09c%20",
  };
  for (const [path, href] of Object.entries(urls)) {
    assertEquals(toFileUrl(path, "linux").href, href);
    assertEquals(fromFileUrl(new URL(href), "linux"), path);
  }
  assertEquals(fromFileUrl(new URL("file:///a%.ts"), "linux"), "/a%.ts");
});

Deno.test("toFileUrl and fromFileUrl take drives and shares of Windows", () => {
  const urls = {
    "C:\\a b\\c.ts": "file:///C:/a%20b/c.ts",
    "\\a\\b.ts": "file:///a/b.ts",
    "\\\\host\\share\\a.ts": "file://host/share/a.ts",
  };
  for (const [path, href] of Object.entries(urls)) {
    assertEquals(toFileUrl(path, "windows").href, href);
    assertEquals(fromFileUrl(new URL(href), "windows"), path);
  }
  assertEquals(toFileUrl("c:/a.ts", "windows").href, "file:///c:/a.ts");
});
