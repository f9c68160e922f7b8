import { lintCases } from "./lint-cases.ts";
import { missingCases } from "./missing-cases.ts";
import { nextCase } from "./next-case.ts";
import { typeCases } from "./type-cases.ts";
import type { World } from "./world.ts";

/** A trial of the package in an app that is made for it. */
export interface Case {
  readonly name: string;
  /** What is tried, for the table. */
  readonly what: string;
  /**
   * Makes the app and tries it; resolves to what was seen, and rejects with what was wrong.
   *
   * @param say is called with each step as it begins
   */
  run(world: World, say: (line: string) => void): Promise<string>;
}

export const CASES: readonly Case[] = [
  ...lintCases,
  ...missingCases,
  ...typeCases,
  nextCase({ next: 15, installer: "npm", src: false, gate: "middleware" }),
  nextCase({ next: 15, installer: "pnpm", src: true, gate: "middleware" }),
  nextCase({ next: 16, installer: "pnpm", src: false, gate: "middleware" }),
  nextCase({ next: 16, installer: "npm", src: true, gate: "middleware" }),
  nextCase({ next: 16, installer: "npm", src: false, gate: "proxy" }),
  nextCase({ next: 16, installer: "pnpm", src: true, gate: "proxy" }),
];
