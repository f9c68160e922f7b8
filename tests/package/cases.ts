import { lintCases } from "./lint-cases.ts";
import { missingCases } from "./missing-cases.ts";
import { nextCase } from "./next-case.ts";
import { typeCases } from "./type-cases.ts";
import type { Case } from "./case.ts";

/** Every case, in the order in which they run: the quick ones first. */
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
