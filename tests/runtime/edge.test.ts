import { EdgeVM } from "@edge-runtime/vm";
import { beforeAll, describe, expect, test } from "vitest";
import type { createHandler } from "../fixtures/runtime/worker.ts";
import { bundle, WORKER } from "./bundle.ts";
import { partsOf, type Start } from "./runtime.ts";
import { describeGuard } from "./suite.ts";

let code: string;

beforeAll(async () => {
  ({ code } = await bundle("edge", WORKER));
});

const start: Start = (bindings) => {
  const vm = new EdgeVM();
  vm.evaluate(code);
  const handler = vm.evaluate<typeof createHandler>("worker.createHandler")(bindings);
  const later = new Set<Promise<unknown>>();
  return Promise.resolve({
    send: (request) => {
      const own = new vm.context.Request(request.url, partsOf(request)) as unknown as Request;
      return handler(own, { waitUntil: (work) => later.add(work) });
    },
    stop: async () => void (await Promise.all(later)),
  });
};

describeGuard("the edge runtime", start);

describe("the edge runtime of these tests", () => {
  test("the edge runtime of these tests has no Node globals, and makes no code from text", () => {
    const vm = new EdgeVM();
    expect(vm.evaluate("[typeof process, typeof Buffer, typeof require]")).toEqual([
      "undefined",
      "undefined",
      "undefined",
    ]);
    expect(vm.evaluate("EdgeRuntime")).toBe("edge-runtime");
    expect(() => vm.evaluate("new Function('return 1')")).toThrow("Code generation from strings");
  });
});
