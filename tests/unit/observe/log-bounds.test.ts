import { expect, test } from "vitest";
import { logEvents } from "#lib/observe/log";
import { FAILED, PASSED } from "../../support/log-events.ts";

test("lines beyond ten a second are counted instead of written", () => {
  const lines: string[] = [];
  let now = 0;
  const listen = logEvents(
    (line) => lines.push(line),
    () => now,
  );
  for (let i = 0; i < 1000; i += 1) listen(FAILED);
  expect(lines).toHaveLength(10);
  now = 1000;
  listen(FAILED);
  expect(lines).toHaveLength(12);
  expect(lines[10]).toContain('"lines":990');
});

test("the bound on lines of one kind does not affect other kinds", () => {
  const lines: string[] = [];
  const listen = logEvents(
    (line) => lines.push(line),
    () => 0,
  );
  const shadows = [{ rule: "trial", allowed: false, limits: [] }];
  const refusing = { ...PASSED, shadows };
  for (let i = 0; i < 100; i += 1) listen({ ...FAILED, decision: refusing });
  listen(FAILED);
  expect(lines).toHaveLength(11);
  expect(lines[10]).toContain('"event":"store-failed"');
});
