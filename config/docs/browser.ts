// The script of every page of the docs site: the search, the theme, and a button that copies code.

interface Section {
  readonly title: string;
  readonly url: string;
  /** The text around what was found, with marks, as HTML that Pagefind escaped. */
  readonly excerpt: string;
}

interface Found extends Section {
  readonly meta: { readonly title: string };
  readonly sub_results: readonly Section[];
}

interface Pagefind {
  debouncedSearch(query: string): Promise<{
    readonly results: readonly { data(): Promise<Found> }[];
  } | null>;
}

const MOST_RESULTS = 8;

const query = find("#query", HTMLInputElement);
const panel = find("#found", HTMLElement);
const list = find("#found ol", HTMLElement);
const status = find("#found [role=status]", HTMLElement);
const theme = find(".theme", HTMLElement);
const root = document.documentElement;

let pagefind: Promise<Pagefind> | undefined;

query.addEventListener("input", () => void search());
query.addEventListener("focus", () => {
  panel.hidden = query.value === "";
});
document.addEventListener("keydown", (event) => {
  const isTyping = event.target instanceof Element && event.target.matches("input, textarea");
  if (event.key === "/" && !isTyping) {
    event.preventDefault();
    query.focus();
  }
  if (event.key === "Escape") panel.hidden = true;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") moveInResults(event);
});
document.addEventListener("click", ({ target }) => {
  if (target instanceof Element && !target.closest("search")) panel.hidden = true;
});

theme.addEventListener("click", () => {
  root.dataset["theme"] = isDark() ? "light" : "dark";
  showTheme();
  try {
    localStorage.setItem("theme", root.dataset["theme"]);
  } catch {
    // A browser without storage keeps the theme for this page.
  }
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", showTheme);
showTheme();

for (const code of document.querySelectorAll("main pre")) addCopyButton(code);

function find<E extends HTMLElement>(selector: string, type: new () => E): E {
  const element = document.querySelector(selector);
  if (!(element instanceof type)) throw new Error(`The page has no ${selector}.`);
  return element;
}

async function search(): Promise<void> {
  const text = query.value.trim();
  panel.hidden = text === "";
  if (text === "") return;
  pagefind ??= import(new URL("pagefind/pagefind.js", import.meta.url).href);
  const found = await (await pagefind).debouncedSearch(text);
  // A later search took the place of this one.
  if (!found) return;
  const pages = await Promise.all(found.results.slice(0, MOST_RESULTS).map((one) => one.data()));
  if (query.value.trim() !== text) return;
  const count = found.results.length;
  status.textContent = count === 1 ? "1 page" : `${count || "No"} pages`;
  list.replaceChildren(...pages.map(resultOf));
}

/** Returns a result: the page, and the section of it that fits best. */
function resultOf({ meta, url, excerpt, sub_results: [best] }: Found): HTMLElement {
  const item = document.createElement("li");
  const link = document.createElement("a");
  link.href = best?.url ?? url;
  const title = document.createElement("strong");
  title.textContent =
    best && best.title !== meta.title ? `${meta.title}: ${best.title}` : meta.title;
  const text = document.createElement("span");
  text.innerHTML = best?.excerpt ?? excerpt;
  link.append(title, text);
  item.append(link);
  return item;
}

function moveInResults(event: KeyboardEvent): void {
  const stops = [query, ...list.querySelectorAll("a")];
  const at = stops.findIndex((stop) => stop === document.activeElement);
  if (at === -1 || panel.hidden) return;
  event.preventDefault();
  stops[at + (event.key === "ArrowDown" ? 1 : -1)]?.focus();
}

function isDark(): boolean {
  const chosen = root.dataset["theme"];
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function showTheme(): void {
  theme.ariaPressed = String(isDark());
}

function addCopyButton(code: Element): void {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = "Copied";
  };
  button.addEventListener("click", () => void copy());
  const frame = document.createElement("div");
  frame.className = "code";
  code.replaceWith(frame);
  frame.append(code, button);
}
