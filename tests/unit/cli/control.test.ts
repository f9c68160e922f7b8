import { afterEach, describe, expect, test, vi } from "vitest";
import { headgate } from "#lib/cli/commands";

afterEach(() => vi.restoreAllMocks());

const SET = ["--for", "1h", "--reason", "a flood"];

describe("control commands with wrong arguments", () => {
  test.each([
    [["block", ...SET], "No client is named"],
    [["block", "203.0.113.7", ...SET], 'Unexpected argument "203.0.113.7". Name a client by --ip'],
    [["block", "--ip", "203.0.113.7", "--user", "ada", ...SET], "several are named"],
    [["block", "--ip=203.0.113.7", "--ip=203.0.113.8", ...SET], "several are named"],
    [["allow", "--identity", "tenant=a", "--identity", "tenant=b", ...SET], "several are named"],
    [["allow", "--identity", "ada", ...SET], "--identity must be name=value"],
    [["block", "--ip", "203.0.113.7", "--reason", "x"], "--for is missing"],
    [["block", "--ip", "203.0.113.7", "--reason", "x", "--for", "2x"], ', but is "2x".'],
    [["block", "--ip", "203.0.113.7", "--reason", "x", "--for", "31d"], ', but is "31d".'],
    [["block", "--ip", "203.0.113.7", "--for", "1h"], "--reason is missing"],
    [
      ["block", "--ip", "203.0.113.7", "--for", "1h", "--reason", "a\nb"],
      "reason must be one line",
    ],
    [["block", "--ip", "203.0.113.7", ...SET, "--by", "a".repeat(101)], "by must be one line"],
    [["block", "list", "--for", "1h"], "--for is not an option of list"],
    [["block", "remove", "--ip", "203.0.113.7", "--wide"], "--wide is not an option of remove"],
    [["block", "remove"], "No client is named"],
    [["override", "--to", "2x", ...SET], "--rule is missing"],
    [["override", "--rule", "search", ...SET], "--to is missing"],
    [["override", "--rule", "search", "--to", "2 x", ...SET], "--to must be units"],
    [["mode", ...SET], "The mode is missing"],
    [["mode", "shaddow", ...SET], 'did you mean "shadow"'],
    [["mode", "off", "on", ...SET], 'Unexpected argument "on"'],
    [["control"], "The action must be list, log or remove"],
    [["control", "remove"], "The id of an entry is missing"],
    [["control", "list", "--last", "5"], "--last is not an option"],
    [["control", "log", "--yes"], "--yes is not an option"],
  ])("headgate %j ends with 2, the reason and the help", async (args, why) => {
    const out = vi.spyOn(console, "log").mockImplementation(() => {});
    const err = vi.spyOn(console, "error").mockImplementation(() => {});
    expect(await headgate([...args, "--json"])).toBe(2);
    const [[printed] = []] = err.mock.calls;
    expect(printed).toMatch(/^CLI_USAGE: /);
    expect(printed).toContain(why);
    expect(printed).toContain(`npx headgate ${args[0]}`);
    expect(out).not.toHaveBeenCalled();
  });
});
