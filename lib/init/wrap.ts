import { MagicString } from "magic-string";
import { parseSource } from "#lib/source/parse";
import { CannotWrap } from "./wrap/cannot.ts";
import { type Config, configOf, writeConfig } from "./wrap/config.ts";
import { hasGate, importGate } from "./wrap/gate-import.ts";
import type { Parsed, Runner } from "./wrap/form.ts";
import { runnerOf } from "./wrap/runner.ts";
import { styleOf } from "./wrap/style.ts";

/** The result of putting the gate before a middleware. */
export type Wrapped =
  | {
      readonly kind: "changed";
      readonly source: string;
      /** The header of Next's router on which its matcher has a condition, which the gate cannot see. */
      readonly routerHeader: string | undefined;
    }
  /** The gate is before it already. */
  | { readonly kind: "unchanged" }
  /** What prevents it, with the line, and what a person can do. */
  | { readonly kind: "cannot"; readonly reason: string };

/** The settings in addition to the file. */
export interface WrapSettings {
  /** The module that exports `gate`, as the file imports it, such as "./gate". */
  readonly gate: string;
  /** True when next.config has `i18n`. @default false */
  readonly hasLocales?: boolean;
}

/**
 * Puts the gate before the middleware of an app, only by insertions: no character of the file is removed. The
 * gate then runs on every path except static files, and the app's own middleware runs on the same paths as
 * before.
 *
 * @param file its name, which says whether Next runs the export `middleware` or `proxy`, and whether it is
 *   TypeScript
 * @param source its text
 * @throws nothing: `reason` says why a file cannot be wrapped
 * @example
 * const wrapped = wrapMiddleware("proxy.ts", "export default () => {};", { gate: "./gate" });
 */
export function wrapMiddleware(
  file: string,
  source: string,
  { gate, hasLocales = false }: WrapSettings,
): Wrapped {
  const { body, problem } = parseSource(file, source);
  try {
    if (problem)
      throw new CannotWrap(problem.start, `The file cannot be parsed (${problem.message}).`);
    if (hasGate(body, gate)) return { kind: "unchanged" };
    const name = /(?:^|[\\/])proxy\.[^\\/]*$/.test(file) ? "proxy" : "middleware";
    const style = styleOf(source, body);
    const parsed = { source, body, style, name } as const;
    const runner = runnerOf(parsed);
    const config = configOf(file, source, body, { style, hasLocales });
    const changed = write(parsed, gate, runner, config);
    return { kind: "changed", source: changed, routerHeader: config?.routerHeader };
  } catch (error) {
    if (!(error instanceof CannotWrap)) throw error;
    const line = source.slice(0, error.at).split("\n").length;
    return { kind: "cannot", reason: `${file}, line ${line}: ${error.message}` };
  }
}

function write(parsed: Parsed, from: string, runner: Runner, config: Config | undefined): string {
  const { source, style } = parsed;
  const text = new MagicString(source);
  const wrap = `${importGate(text, parsed, from)}.wrap(`;
  const { inPlace, own, readyAt } = runner;
  const constant = style.free("ownConfig", "ownMiddlewareConfig");
  const keepConfig = () => {
    const literal = config?.isWidened ? " as const" : "";
    if (config) writeConfig(text, config, style)(`const ${constant} = `, literal);
  };
  if (inPlace && (!config || config.statement.end <= inPlace.at)) {
    keepConfig();
    inPlace.write(text, wrap, config ? `, ${constant})` : ")");
    return text.toString();
  }
  const gated = style.free("gated", "gatedMiddleware");
  runner.exportInstead(text, gated);
  if (config?.isMatcherAlone && config.statement.start >= readyAt) {
    writeConfig(text, config, style)(`const ${gated} = ${wrap}${own}, `, ")");
    return text.toString();
  }
  keepConfig();
  const call = `${wrap}${own}${config ? `, ${constant}` : ""})`;
  const { newline, end } = style;
  const last = `${newline}${newline}const ${gated} = ${call}${end}`;
  text.appendLeft(source.trimEnd().length, last);
  return text.toString();
}
