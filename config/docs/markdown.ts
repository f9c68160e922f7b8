import { existsSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import hljs from "highlight.js/lib/common";
import dockerfile from "highlight.js/lib/languages/dockerfile";
import nginx from "highlight.js/lib/languages/nginx";
import markdownIt, { type Env, type MarkdownIt, type Token } from "markdown-it";

hljs.registerLanguage("dockerfile", dockerfile);
hljs.registerAliases("containerfile", { languageName: "dockerfile" });
hljs.registerLanguage("nginx", nginx);

/** What fits in a line of a phone, in characters. */
const MOST_UNBROKEN = 24;

const { escapeHtml } = markdownIt().utils;

/**
 * Creates the reader of the pages: Markdown as hosts of Git read it, with anchors at headings and with
 * links that lead to pages of the site.
 *
 * @param docs the folder of the pages
 */
export function createMarkdown(docs: string): MarkdownIt {
  const markdown = markdownIt({ html: true, highlight });
  markdown.core.ruler.push("anchors", ({ tokens }) => addAnchors(tokens));
  markdown.core.ruler.push("tables", ({ tokens }) => mendHeaders(tokens));
  markdown.core.ruler.push("links", ({ tokens, env }) => {
    for (const { children } of tokens) mendLinks(children ?? [], docs, pathOf(env));
  });
  // What is wider than the page scrolls in itself, by the keyboard too.
  markdown.renderer.rules["table_open"] = () =>
    '<div class="table" role="group" aria-label="Table" tabindex="0"><table>';
  markdown.renderer.rules["table_close"] = () => "</table></div>";
  markdown.renderer.rules["code_inline"] = (tokens, i) => codeOf(tokens[i]?.content ?? "");
  return markdown;
}

/** Names and short commands are not broken over two lines. */
function codeOf(text: string): string {
  return `<code${text.length > MOST_UNBROKEN ? "" : ' class="short"'}>${escapeHtml(text)}</code>`;
}

function highlight(code: string, language: string): string {
  const { value } = hljs.highlight(code, {
    language: hljs.getLanguage(language) ? language : "plaintext",
  });
  return `<pre tabindex="0"><code>${value}</code></pre>`;
}

/** Returns the path of the page that is read; Eleventy passes its data. */
function pathOf({ page }: Env): string {
  if (typeof page === "object" && page !== null && "inputPath" in page)
    return String(page.inputPath);
  throw new Error("The page has no path.");
}

/** Gives each heading its anchor, and makes its text a link to it. */
function addAnchors(tokens: readonly Token[]): void {
  const used = new Map<string, number>();
  tokens.forEach((token, i) => {
    const text = tokens[i + 1];
    if (token.type !== "heading_open" || !text) return;
    const anchor = anchorOf(textOf(text), used);
    token.attrSet("id", anchor);
    if (token.tag !== "h1") wrapInLink(text, `#${anchor}`);
  });
}

function textOf({ children }: Token): string {
  return (children ?? [])
    .filter(({ type }) => type === "text" || type === "code_inline")
    .map(({ content }) => content)
    .join("");
}

/** Returns the anchor that hosts of Git give a heading. */
function anchorOf(heading: string, used: Map<string, number>): string {
  const anchor = heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, "")
    .replaceAll(" ", "-");
  const before = used.get(anchor) ?? 0;
  used.set(anchor, before + 1);
  return before === 0 ? anchor : `${anchor}-${before}`;
}

function wrapInLink(text: Token, href: string): void {
  const children = text.children ?? [];
  if (children.some(({ type }) => type === "link_open")) return;
  const link = markdownIt().parseInline(`[x](${href})`, {})[0]?.children ?? [];
  text.children = [...link.slice(0, 1), ...children, ...link.slice(-1)];
}

/** Turns header cells without text into plain cells: a screen reader would announce an empty header. */
function mendHeaders(tokens: readonly Token[]): void {
  tokens.forEach((open, i) => {
    const [text, close] = [tokens[i + 1], tokens[i + 2]];
    if (open.type !== "th_open" || text?.content !== "" || !close) return;
    open.tag = "td";
    close.tag = "td";
  });
}

/** Lets links lead to pages of the site. A link to a file outside of the docs becomes text. */
function mendLinks(tokens: Token[], docs: string, page: string): void {
  for (let i = tokens.length - 1; i >= 0; i -= 1) {
    const token = tokens[i];
    if (token?.type !== "link_open") continue;
    const href = hrefOf(String(token.attrGet("href")), docs, page);
    if (href !== undefined) {
      token.attrSet("href", href);
      continue;
    }
    const end = tokens.findIndex(({ type }, at) => at > i && type === "link_close");
    tokens.splice(end, 1);
    tokens.splice(i, 1);
  }
}

function hrefOf(href: string, docs: string, page: string): string | undefined {
  if (/^(?:[a-z]+:|\/|#)/i.test(href)) return href;
  const [path = "", anchor] = href.split("#");
  const file = join(dirname(page), decodeURI(path));
  if (relative(docs, file).startsWith("..")) return undefined;
  const hash = anchor === undefined ? "" : `#${anchor}`;
  if (file.endsWith(".md")) return addressOf(path) + hash;
  if (!existsSync(file) || !statSync(file).isDirectory()) return href;
  const index = join(path, "README.md");
  return existsSync(join(dirname(page), index)) ? addressOf(index) + hash : undefined;
}

/** Returns the address of a page: `start/new-app.html` for `start/new-app.md`. */
export function addressOf(path: string): string {
  return path.replace(/(^|\/)README\.md$/, "$1index.md").replace(/\.md$/, ".html");
}
