import { createHandler } from "../fixtures/runtime/worker.ts";
import type { Start } from "./runtime.ts";
import { describeGuard } from "./suite.ts";

const start: Start = (bindings) => {
  const handler = createHandler(bindings);
  const later = new Set<Promise<unknown>>();
  return Promise.resolve({
    send: (request) => handler(request, { waitUntil: (work) => later.add(work) }),
    stop: async () => void (await Promise.all(later)),
  });
};

describeGuard("Node", start);
