import type { AnyPolicy } from "#lib/policy/define";
import { type CoveredRewrite, coverRewrites } from "./cover-rewrite.ts";
import { type Built, type CoveredRoute, coverRoute } from "./coverage.ts";
import type { Finding } from "./findings.ts";
import { type Gate, openGate } from "./gate.ts";
import { type Build, readBuild } from "./manifests.ts";
import { matcherTest } from "./matchers.ts";
import { middlewareFindings } from "./middleware.ts";
import { prefetchFindings } from "./prefetches.ts";
import { patternSamples } from "./rewrites.ts";
import { type Route, routesOf } from "./routes.ts";
import { isDynamic, localizedSamples, wordsOf } from "./samples.ts";
import { siteOf } from "./site.ts";
import { warningsOf } from "./warnings.ts";

/** The result of an audit: what covers each route and rewrite of a build, and the findings. */
export interface Audit {
  readonly routes: readonly CoveredRoute[];
  readonly rewrites: readonly CoveredRewrite[];
  /** The ways around a rule, each of which fails the audit. */
  readonly failures: readonly Finding[];
  /** Findings that do not fail the audit. */
  readonly warnings: readonly Finding[];
  /** Returns how much of its clients a rule decides for, as the tables show it. */
  readonly mark: Gate["mark"];
}

/**
 * Compares the routes of a project's last build with its policy.
 *
 * @param project the folder that holds `.next`
 * @param policy the policy, after its check
 * @throws {HeadgateError} AUDIT_FAILED when there is no build, or it cannot be read
 */
export async function auditProject(project: string, policy: AnyPolicy): Promise<Audit> {
  const build = readBuild(project);
  const rewrites = build.handedOver === "unreadable" ? [] : build.handedOver;
  return auditBuild(build, routesOf(build, project), openGate(policy, rewrites));
}

function auditBuild(build: Build, routes: readonly Route[], gate: Gate): Audit {
  const matchers = build.matchers ?? [];
  const built: Built = {
    gate,
    site: siteOf(build),
    // Without middleware, one failure is enough.
    runsFor: build.matchers ? matcherTest(matchers) : () => true,
    basePath: build.basePath,
  };
  const samples = samplesOf(routes, gate, build);
  const covered = routes.map((route) => coverRoute(route, samples.get(route) ?? [], built));
  const paths = [...[...samples.values()].flat(), ...gate.patterns.flatMap(patternSamples)];
  const rewrites = coverRewrites(build.rewrites, [...new Set(paths)], built);
  return {
    routes: covered,
    rewrites,
    failures: [
      ...middlewareFindings(build),
      ...[...covered, ...rewrites].flatMap(({ findings }) => findings),
      ...prefetchFindings(build, covered, gate),
    ],
    warnings: warningsOf(build, covered, built),
    mark: gate.mark,
  };
}

/** Returns the sample paths of each route, without those that another route or a file answers. */
function samplesOf(routes: readonly Route[], gate: Gate, { matchers = [], isPublic }: Build) {
  const fixed = new Set(routes.map(({ path }) => path).filter((path) => !isDynamic(path)));
  const sources = matchers.map(({ originalSource, regexp }) => originalSource ?? regexp);
  const words = wordsOf([...gate.patterns, ...sources]);
  return new Map(
    routes.map((route) => {
      const paths = localizedSamples(route.path, words, gate.locales);
      return [
        route,
        isDynamic(route.path) ? paths.filter((path) => !fixed.has(path) && !isPublic(path)) : paths,
      ];
    }),
  );
}
