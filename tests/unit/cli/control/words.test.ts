import { describe, expect, test } from "vitest";
import { entryWords, removalCommand, renderChanges, renderEntries } from "#lib/cli/control/words";
import type { ControlChange } from "#lib/control/types";
import { network } from "../../../support/control-entries.ts";

describe("entries and changes as text", () => {
  test("renderEntries marks an entry that no gate follows, and removes characters that move the cursor", () => {
    const foreign = { id: "x", kind: "unreadable", isUsable: false } as const;
    const about = { reason: "\u001b[2Jboo\u202e", by: "", at: 0, until: 0, endsInMs: 0 };
    const text = renderEntries([network("block", "203.0.113.0/24"), { ...foreign, ...about }]);
    expect(text).toMatch(/^block 203\.0\.113\.0\/24 {2,}1 minute 30 seconds /m);
    expect(text).toMatch(
      /^an entry that cannot be read \(not followed\) +unknown +unknown +x +\ufffd\[2Jboo\ufffd$/m,
    );
    expect(text).toMatch(/\n\nnot followed: the entry was made with another HEADGATE_SECRET/);
  });

  test("entryWords omits an end and an author that are not known", () => {
    const foreign = { id: "\u001b[2Jx", kind: "unreadable", isUsable: false } as const;
    const about = { reason: "", by: "", at: 0, until: 0, endsInMs: 0 };
    expect(entryWords({ ...foreign, ...about })).toBe("an entry that cannot be read (\ufffd[2Jx)");
    const alone = { ...network("block", "203.0.113.0/24"), by: "", reason: "" };
    expect(entryWords(alone)).toMatch(/^block 203\.0\.113\.0\/24 until [^,]+ \(network:[^)]+\)$/);
  });

  test("renderEntries and renderChanges have a line for an empty list", () => {
    expect([renderEntries([]), renderChanges([])]).toEqual([
      "nothing is set",
      "nothing was changed",
    ]);
  });

  test("renderChanges shows a change without a setting, such as a reset, by its id", () => {
    const change: ControlChange = {
      change: "1-0",
      at: Date.UTC(2026, 10, 29, 15, 20),
      action: "reset",
      id: "reset:1",
      setting: null,
      until: null,
      reason: "",
      by: "ada",
    };
    expect(renderChanges([change])).toMatch(/UTC|GMT|[A-Z]{3,4} {2}ada {2}reset {3}reset:1$/m);
  });

  test("removalCommand quotes an id with characters that a shell would interpret", () => {
    const command = (id: string) => removalCommand({ kind: "override", id });
    expect(command("override:search")).toBe("headgate override remove override:search");
    expect(command("override:search:user|ip:day")).toBe(
      "headgate override remove 'override:search:user|ip:day'",
    );
  });
});
