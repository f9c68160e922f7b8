import { firstCase, startCase } from "./first-case.ts";
import { initCases } from "./init-cases.ts";
import { initNpxCase, initWorkerCase } from "./init-more-cases.ts";
import { lintCases } from "./lint-cases.ts";
import { middlewareCases } from "./middleware-case.ts";
import { missingCases } from "./missing-cases.ts";
import { nextCase } from "./next-case.ts";
import { olderCase } from "./older-case.ts";
import { standaloneCase } from "./standalone-case.ts";
import { tcp, upstash } from "./store-variants.ts";
import { typeCases } from "./type-cases.ts";
import { workerCase } from "./worker-case.ts";
import type { Case } from "./case.ts";

/** Every case, in the order in which they run: the quick ones first. */
export const CASES: readonly Case[] = [
  ...lintCases,
  ...missingCases,
  olderCase,
  ...typeCases,
  firstCase,
  startCase,
  nextCase({ next: 15, installer: "npm", src: false, gate: "middleware" }),
  nextCase({ next: 15, installer: "pnpm", src: true, gate: "middleware" }),
  nextCase({ next: 16, installer: "pnpm", src: false, gate: "middleware" }),
  nextCase({ next: 16, installer: "npm", src: true, gate: "middleware" }),
  nextCase({ next: 16, installer: "npm", src: false, gate: "proxy" }),
  nextCase({ next: 16, installer: "pnpm", src: true, gate: "proxy" }),
  nextCase({ next: 15, installer: "npm", src: false, gate: "middleware", store: upstash }),
  nextCase({ next: 16, installer: "pnpm", src: false, gate: "proxy", store: tcp }),
  standaloneCase({ next: 15, installer: "npm" }),
  standaloneCase({ next: 16, installer: "pnpm" }),
  ...middlewareCases,
  workerCase,
  ...initCases,
  initNpxCase,
  initWorkerCase,
];
