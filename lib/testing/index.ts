/** Tests limits without Redis and without waiting: in vitest, node:test, Jest and Playwright. */
export { createTestGate, type TestGate, type TestGateOptions } from "./gate.ts";
export type { TestRequest } from "./request.ts";
export {
  type AllowedExpectation,
  type DeniedExpectation,
  expectAllowed,
  expectDenied,
} from "./expect.ts";
export { clearNamespace, type StoreUnderTest } from "./namespace.ts";
export {
  headgateFixture,
  type HeadgateFixtureOptions,
  type HeadgateFixtures,
  type HeadgateTestFixtures,
  type HeadgateWorker,
  type HeadgateWorkerFixtures,
  type WorkerEnvironment,
  type WorkerServer,
} from "./playwright.ts";
