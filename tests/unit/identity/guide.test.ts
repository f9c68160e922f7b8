import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../../support/app.ts";

test.each(["authjs", "better-auth", "clerk", "supabase"])(
  "docs/guides/limit-by-user.md has code that imports headgate/identities/%s",
  (library) => {
    const page = readFileSync(join(ROOT, "docs", "guides", "limit-by-user.md"), "utf8");
    expect(page).toContain(`from "headgate/identities/${library}";`);
  },
);
