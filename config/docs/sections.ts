import { basename } from "node:path";
import type { Item } from "@11ty/eleventy";

/** The folders of docs, in the order of the sidebar. Others follow by their names. */
const SECTIONS = [
  "start",
  "guides",
  "concepts",
  "reference",
  "operate",
  "evidence",
  "internals",
  "decisions",
];

/** Pages that stand in an order of reading, by their files' names. Others follow by their titles. */
const FIRST = [
  "index",
  "new-app",
  "existing-app",
  "from-upstash-ratelimit",
  "upstash-options",
  "from-express-rate-limit",
  "development",
];

interface Section {
  readonly title: string;
  /** The address that the section's pages begin with. */
  readonly url: string;
  readonly pages: readonly { readonly title: string; readonly url: string }[];
}

/** Sorts pages into the sections of the sidebar, by their folders. */
export function sectionsOf(items: readonly Item[]): Section[] {
  const pages = items.map(({ url, data }) => ({
    url: url.replace(/\/$/, "/index.html"),
    title: data.title,
  }));
  const folders = new Set(pages.map(({ url }) => url.split("/")[1] ?? ""));
  return [...folders]
    .filter((folder) => folder !== "index.html")
    .toSorted((one, other) => place(SECTIONS, one, other) || one.localeCompare(other))
    .map((folder) => ({
      title: `${folder.charAt(0).toUpperCase()}${folder.slice(1)}`,
      url: `/${folder}/`,
      pages: pages
        .filter(({ url }) => url.startsWith(`/${folder}/`))
        .toSorted(
          (one, other) =>
            place(FIRST, basename(one.url, ".html"), basename(other.url, ".html")) ||
            one.title.localeCompare(other.title),
        ),
    }));
}

function place(order: readonly string[], one: string, other: string): number {
  const [first, second] = [one, other].map((name) => order.indexOf(name) + 1 || Infinity);
  return first === second ? 0 : (first ?? 0) - (second ?? 0);
}
