import { escapeHtml } from "#lib/respond/page";
import { SCRIPT_NAME, STYLE_NAME } from "./assets.ts";
import { ICON_NAME } from "./icon.ts";

/** The data of the page's document. */
export interface PageOptions {
  /**
   * The prefix of the names of script and style: the page's folder as a relative path, such as "dashboard/".
   */
  readonly base: string;
  /** The nonce of script and style, which the policy contains. */
  readonly nonce: string;
  /** The Content-Security-Policy, repeated here because an app may replace the header. */
  readonly csp: string;
  readonly title: string;
}

/**
 * Returns the document of the dashboard's page. Until its script has numbers, it shows that they are loading.
 * Without JavaScript it says that it needs it.
 *
 * @example
 * const html = pageHtml({ base: "dashboard/", nonce, csp, title: "Headgate" });
 */
export function pageHtml({ base, nonce, csp, title }: PageOptions): string {
  const name = escapeHtml(title);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(csp)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${name}</title>
<link rel="icon" href="${escapeHtml(base + ICON_NAME)}">
<link rel="stylesheet" nonce="${escapeHtml(nonce)}" href="${escapeHtml(base + STYLE_NAME)}">
<script type="module" nonce="${escapeHtml(nonce)}" src="${escapeHtml(base + SCRIPT_NAME)}"></script>
</head>
<body>
<main id="headgate-dashboard">
<div class="sheet">
<header class="masthead"><h1>${name}</h1></header>
<noscript><div class="notice bad"><strong>This page needs JavaScript.</strong></div></noscript>
<p class="loading">Loading the numbers…</p>
<div class="skeleton" aria-hidden="true"><div></div><div></div><div></div></div>
</div>
</main>
</body>
</html>
`;
}
