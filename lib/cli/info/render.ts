import type { AddressInfo } from "./address.ts";
import type { EntryFile } from "./app-form.ts";
import type { Environment, SetVariable } from "./environment.ts";
import type { PolicyInfo, RuleInfo } from "./policy.ts";
import type { InfoReport } from "./report.ts";
import type { StoreInfo } from "./store.ts";
import type { PackageVersion } from "./versions.ts";

/** Returns a report as Markdown for the text of an issue, readable as it is. */
export function renderReport(report: InfoReport): string {
  const { versions, places, app, environment, store, address, policy, warnings } = report;
  return [
    ...section("Versions", [
      `headgate ${versions.headgate ?? "of an unknown version"}, Node ${versions.node}, ${versions.system}`,
      `package manager: ${versions.packageManager ?? "unknown, because there is no lockfile"}`,
      ...versions.packages.flatMap((it) => packageLine(it) ?? []),
    ]),
    ...section("App", [
      ...(app.problem === null ? [] : [app.problem]),
      app.routers.length === 0
        ? "no app or pages folder: this is not the folder of a Next app"
        : `routers: ${app.routers.join(" and ")}${app.isInSrc ? ", in src" : ""}`,
      ...entryLines(app.entries),
      `markers of: ${places.map(({ name, by }) => `${name} (${codes(by)})`).join(", ") || "no platform"}`,
    ]),
    ...section(`Environment (${environment.mode})`, environmentLines(environment)),
    ...section("Store", storeLines(store)),
    ...section("Client address", [addressLine(address)]),
    ...section("Policy", policyLines(policy)),
    ...section("Warnings", warnings.length === 0 ? ["none"] : warnings),
  ].join("\n");
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return [`### ${title}`, ...lines.map((line) => `- ${line}`), ""];
}

/** Returns a name or a pattern as inline code of Markdown. */
function code(text: string): string {
  return `\`${text.replaceAll("`", "'")}\``;
}

function codes(texts: readonly string[]): string {
  return texts.map(code).join(", ");
}

/**
 * Returns the line of a package. A package that is neither installed nor a dependency is only mentioned for
 * next and react.
 */
function packageLine({ name, version, isAskedFor }: PackageVersion): string | undefined {
  if (version !== null) return `${name} ${version}`;
  if (isAskedFor) return `${name}: in package.json, and not installed`;
  return name === "next" || name === "react" ? `${name}: not installed` : undefined;
}

function entryLines(entries: readonly EntryFile[]): readonly string[] {
  if (entries.length === 0)
    return ["no middleware.ts and no proxy.ts: no rule is checked before a handler"];
  return entries.map(({ file, hasGate, followsControl, isTaken }) => {
    const gate =
      hasGate === null
        ? "cannot be read, or is not valid TypeScript"
        : hasGate
          ? `has the gate, which ${followsControl ? "follows" : "does not follow"} what is set while the app runs (headgate/live)`
          : "does not import headgate, directly or through a file of the app";
    const place = isTaken
      ? ""
      : ", and Next does not use it: it must be beside the folder app or pages";
    return `${code(file)} ${gate}${place}`;
  });
}

function environmentLines({ mode, files, unreadable, variables }: Environment): readonly string[] {
  return [
    `files: ${files.length === 0 ? "none" : codes(files)}`,
    ...unreadable.map((file) => `${code(file)} cannot be read`),
    ...(variables.length === 0 ? ["no variable of Headgate is set"] : []),
    ...variables.map((it) => variableLine(it, mode)),
  ];
}

function variableLine({ name, value, from, isRead }: SetVariable, mode: string): string {
  const shown = value === null ? "set" : code(value);
  const unread = isRead ? "" : `, which ${mode} does not read`;
  return `${code(name)}: ${shown}, in ${from.join(" and ")}${unread}`;
}

const KINDS = {
  upstash: "Upstash, by REST",
  rest: "a store by REST",
  tcp: "Redis by TCP",
} as const;

function storeLines(store: StoreInfo): readonly string[] {
  const { kind, by, host, isCluster, problem, ownStore, answer } = store;
  if (kind === "unusable") return [`configured, but cannot be used: ${problem}`];
  if (kind === "none") {
    const own = ownStore === "embedded" ? "the embedded store" : "a redis-server that they start";
    return [
      `none is configured: headgate start and headgate dev use ${own}, and next dev counts in the process`,
    ];
  }
  const answered =
    answer === null
      ? "not checked: --store sends it one PING"
      : answer.ok
        ? `answers a PING in ${answer.ms} ms`
        : `does not answer a PING: ${answer.code}, after ${answer.ms} ms`;
  return [
    `${KINDS[kind]} at ${host}${isCluster ? ", a Redis Cluster" : ""}, by ${code(by ?? "")}`,
    answered,
  ];
}

function addressLine({ source, by, problem }: AddressInfo): string {
  if (problem !== null) return problem;
  if (source !== null) return `${code(source)}, by ${by}`;
  return "not set: headgate start and headgate dev use the socket's address, and next start in production needs CLIENT_IP_FROM";
}

function policyLines(policy: PolicyInfo): readonly string[] {
  const { status, file, problem, rules, exempt, identities, advice } = policy;
  if (status === "missing")
    return [`there is no ${code(file)}, and none in src: name the file after the command`];
  if (problem !== null) return [`${code(file)} cannot be used:\n\n${indented(problem)}\n`];
  return [
    `${code(file)}: ${rules.length} ${rules.length === 1 ? "rule" : "rules"}`,
    ...rules.map(ruleLine),
    ...(exempt.length === 0 ? [] : [`exempt: ${codes(exempt)}`]),
    ...(identities.length === 0 ? [] : [`identities: ${codes(identities)}`]),
    ...advice.map((line) => `advice: ${line}`),
  ];
}

/** Indents text by four spaces within the list, which is a code block in Markdown. */
function indented(text: string): string {
  return text
    .split("\n")
    .map((line) => `      ${line}`)
    .join("\n");
}

function ruleLine({ name, match, methods, limits, onStoreFailure, mode, admit }: RuleInfo): string {
  const where = match.length === 0 ? "called from code" : codes(match);
  const parts = [
    `${methods === null ? "" : `${methods.join(", ")} `}${where}`,
    ...limits,
    `onStoreFailure ${onStoreFailure}`,
    ...(mode === "enforce" ? [] : [mode === "shadow" ? "in shadow" : `decides for ${mode}`]),
    ...(admit === "strict" ? [] : [admit]),
  ];
  return `${code(name)}: ${parts.join("; ")}`;
}
