import { expect, test } from "vitest";
import { SCRIPT_NAME, STYLE_NAME } from "#lib/dashboard/assets";
import { pageHtml } from "#lib/dashboard/page-html";

const NASTY = `<script>"'&`;
const ESCAPED = "&lt;script&gt;&quot;&#39;&amp;";

test("the document escapes all its data", () => {
  const html = pageHtml({ base: NASTY, nonce: NASTY, csp: NASTY, title: NASTY });
  expect(html).not.toContain(NASTY);
  expect(html).toContain(`<title>${ESCAPED}</title>`);
  expect(html).toContain(`<h1>${ESCAPED}</h1>`);
  expect(html).toContain(`nonce="${ESCAPED}" src="${ESCAPED}${SCRIPT_NAME}"`);
  expect(html).toContain(`nonce="${ESCAPED}" href="${ESCAPED}${STYLE_NAME}"`);
  expect(html).toContain(`content="${ESCAPED}"`);
});

test("the document has no inline script or style, and no address of a host", () => {
  const html = pageHtml({ base: "dashboard/", nonce: "n", csp: "default-src 'none'", title: "H" });
  expect(html.match(/<script/g)).toHaveLength(1);
  expect(html).not.toMatch(/<style|\sstyle=|\son\w+=|https?:/);
});

test("the document says that it needs JavaScript", () => {
  const html = pageHtml({ base: "", nonce: "n", csp: "", title: "H" });
  expect(html).toMatch(/<noscript>.*This page needs JavaScript\..*<\/noscript>/);
});
