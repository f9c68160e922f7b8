import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { endedLines } from "#lib/gateway/ended-lines";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const VALUES = {
  headersTimeoutMs: 1,
  requestTimeoutMs: 2,
  stalledTimeoutMs: 3,
  headerBytes: 4,
  bodyBytes: 5,
};

function told(names: Parameters<typeof endedLines>[0]["names"] = {}) {
  const lines: string[] = [];
  const ended = endedLines({ values: VALUES, names, report: (line) => lines.push(line) }, 1_000);
  return { lines, ended };
}

test("many ended connections are reported in one line for each setting and interval, with their number", () => {
  const { lines, ended } = told();
  for (let i = 0; i < 1_000; i += 1) ended("headerBytes");
  ended("bodyBytes");
  expect(lines).toEqual([
    "1 connection was ended with 431: the headers of a request were larger than 4 bytes.",
    "1 connection was ended with 413: the body of a request was larger than 5 bytes.",
  ]);
  vi.advanceTimersByTime(999);
  expect(lines).toHaveLength(2);
  vi.advanceTimersByTime(1);
  expect(lines.slice(2)).toEqual([
    "999 connections were ended with 431: the headers of a request were larger than 4 bytes.",
  ]);
  ended("headerBytes");
  expect(lines).toHaveLength(3);
  vi.advanceTimersByTime(1_000);
  expect(lines).toHaveLength(4);
});

test("an ended connection is reported at once after an interval without one", () => {
  const { lines, ended } = told();
  ended("stalledTimeoutMs");
  vi.advanceTimersByTime(10_000);
  ended("stalledTimeoutMs");
  expect(lines).toHaveLength(2);
});

test("a line names the variable that sets the limit, if there is one", () => {
  const { lines, ended } = told({ requestTimeoutMs: "REQUEST_TIMEOUT" });
  ended("requestTimeoutMs");
  expect(lines).toEqual([
    "1 connection was ended with 408: a request took longer than 2 ms to arrive. REQUEST_TIMEOUT sets this limit.",
  ]);
});
