/** The code of a program that calls what a file beside this one exports. */
export function callOf(file: string, name: string): string {
  const href = new URL(file, import.meta.url).href;
  return `import { ${name} } from ${JSON.stringify(href)};\n${name}();`;
}

/** The URL of a module with such code. */
export function asUrl(code: string): string {
  return `data:text/javascript,${encodeURIComponent(code)}`;
}
