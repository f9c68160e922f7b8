import { expect, test } from "vitest";
import { wrapMiddleware } from "#lib/init/wrap";
import { parseSource } from "#lib/source/parse";

/** The beginnings of files. */
const HEADS = [
  "",
  'import { a } from "a"; // of a\nimport b from "b"; b();',
  "// @ts-nocheck\n",
  "import {\n  a,\n} from 'a';\n\nconst gate = 1, gated = 2, own = 3, ownConfig = 4;",
];

const EXPORTS = [
  "export default function middleware(r) { return a }",
  "export default async function(r) {}",
  "export default (r) => {\n  return 1\n}",
  "export default auth",
  "export default auth((r) => {}) // why",
  "export default (auth)",
  "export default\n  auth({\n a: 1 })\n",
  "export function middleware() {}",
  "export async function middleware() {}",
  "export const middleware = auth",
  "export const middleware: T = (auth)",
  "export const middleware = auth, other = 1",
  "export let middleware = auth",
  "export { auth as middleware } from './auth'",
  "export { default } from './auth'",
  "export { x as default, y } from './auth'",
  "export { default as middleware, type T } from './auth'",
  "const x = 1\nexport { x as default }",
  "let x\nx = 1\nexport { x as middleware, x as y }",
  "function middleware() {}\nexport { middleware, middleware as default }",
  "export const { a: { b: middleware }, ...rest } = z",
  "export const [middleware] = z",
  "export const { middleware = 1 } = z",
  "export function middleware(a: 1): 2\nexport function middleware(a: any) {}",
  "export default function f(a: 1): 2\nexport default function f(a: any) {}",
];

const CONFIGS = [
  "",
  "export const config = { matcher: '/a' }",
  "export const config = {\r\n  runtime: 'nodejs', // why\r\n  matcher: ['/a'], // why\r\n}",
  "export const config: C = {\n    'matcher': [{ source: '/a', has: [{ type: 'host', value: 'a' }] }]\n};",
  "export const config = { matcher: ['/a'], regions: ['a'] } as const",
  "export const config = <C>{ matcher: `/a` }",
  "export const config = ({ matcher: ['/(.*)'] }) satisfies C;",
  "export const config = { runtime: 'nodejs' }",
];

function* filesWith(exported: string): Generator<string> {
  for (const head of HEADS) {
    for (const config of CONFIGS) {
      for (const parts of [
        [head, exported, config],
        [head, config, exported],
      ]) {
        for (const end of ["", ";"]) {
          yield parts
            .filter(Boolean)
            .map((part) => part + end)
            .join("\n\n");
        }
        yield `${parts.filter(Boolean).join("\n")}\n// the end`;
      }
    }
  }
}

/** Returns what is wrong with a file after wrapping; undefined when it is correct. */
function faultOf(source: string): string | undefined {
  const wrapped = wrapMiddleware("middleware.ts", source, { gate: "./gate" });
  if (wrapped.kind !== "changed") return JSON.stringify(wrapped);
  const { problem } = parseSource("middleware.ts", wrapped.source);
  if (problem) return problem.message;
  let kept = 0;
  for (const character of wrapped.source) if (character === source[kept]) kept += 1;
  if (kept !== source.length) return "a character was removed";
  const again = wrapMiddleware("middleware.ts", wrapped.source, { gate: "./gate" });
  return again.kind === "unchanged" ? undefined : "it is wrapped twice";
}

test.each(EXPORTS)(
  "the export %j is wrapped with every form of config, in any order and style",
  (exported) => {
    const files = [...filesWith(exported)].filter(
      (it) => !parseSource("middleware.ts", it).problem,
    );
    expect(files.length).toBeGreaterThan(100);
    expect(files.filter((it) => faultOf(it) !== undefined)).toEqual([]);
  },
);
