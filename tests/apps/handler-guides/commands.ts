import { expect, test } from "vitest";
import { complaintsOfPage, pagesShownBy } from "../../support/page-commands/shown.ts";
import type { GuidesApp } from "./app.ts";

const TEST = "tests/apps/handler-guides.test.ts";

/** Tests the commands that the guides show. */
export function testCommands(guides: GuidesApp): void {
  test.each(pagesShownBy(TEST).map((page, at) => [page, `192.0.2.${at + 1}`]))(
    "the commands of %s run on the app, and print what the page shows",
    async (page, address) => {
      expect(await complaintsOfPage(TEST, page, { ...guides.running, address })).toEqual([]);
    },
  );
}
