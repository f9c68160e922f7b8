import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join, relative } from "node:path";
import { Eleventy, type UserConfig } from "@11ty/eleventy";
import EleventyDevServer from "@11ty/eleventy-dev-server";
import { close, createIndex } from "pagefind";
import { rolldown } from "rolldown";
import { addressOf, createMarkdown } from "./markdown.ts";
import { sectionsOf } from "./sections.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const DOCS = join(ROOT, "docs");

/** How much a page counts in a search, by its section: readers seldom look for a table of a measurement. */
const WEIGHTS: Readonly<Record<string, number>> = { evidence: 0.3, internals: 0.3, decisions: 0.3 };

/** Where the site is written unless another folder is named. */
export const SITE = join(ROOT, ".headgate", "docs");

/**
 * Builds the docs site.
 *
 * @param folder where it is written
 * @throws Error if a page cannot be read, or the folder cannot be written
 */
export async function buildSite(folder: string): Promise<void> {
  await eleventyFor(folder, "build").write();
}

/**
 * Builds the docs site and serves it on loopback. Pages reload in the browser when a file changes.
 *
 * @param port the port; 0 for a free one
 * @returns the site's address
 * @throws Error if the port is in use, or a page cannot be read
 */
export async function serveSite(folder: string, port: number): Promise<string> {
  const pages = new EleventyDevServer("docs", folder, { messageOnStart: () => false });
  // By itself it would take the next port, on every interface.
  pages.server.removeAllListeners("error");
  pages.server.listen({ host: "127.0.0.1", port });
  await once(pages.server, "listening");
  const eleventy = eleventyFor(folder, "watch", () => pages.reload({}));
  await eleventy.init();
  await eleventy.watch();
  return `http://127.0.0.1:${(pages.server.address() as AddressInfo).port}/`;
}

function eleventyFor(
  folder: string,
  runMode: "build" | "watch",
  built = async (): Promise<void> => {},
): Eleventy {
  // Pages that were renamed since the last build would be found.
  rmSync(folder, { recursive: true, force: true });
  const config = (site: UserConfig): void => {
    configure(site);
    site.on("eleventy.after", async () => {
      await Promise.all([writeScript(folder), writeIndex(folder)]);
      await built();
    });
  };
  // Eleventy takes paths that begin at the working folder.
  const [input, output] = [DOCS, folder].map((path) => relative(process.cwd(), path));
  return new Eleventy(input ?? "", output ?? "", {
    config,
    configPath: false,
    quietMode: true,
    runMode,
  });
}

function configure(site: UserConfig): void {
  site.setTemplateFormats(["md"]);
  // No file of docs is data of a page, and no page is read as a template.
  site.setDataFileSuffixes([]);
  site.addGlobalData("markdownTemplateEngine", false);
  site.setUseGitIgnore(false);
  site.setLibrary("md", createMarkdown(DOCS));
  site.setIncludesDirectory(relative(DOCS, import.meta.dirname));
  site.addGlobalData("layout", "page.liquid");
  site.addGlobalData("eleventyComputed", {
    title: ({ page }: Page) => titleOf(page.inputPath),
    permalink: ({ page }: Page) => addressOf(relative(DOCS, page.inputPath)),
  });
  site.addCollection("sections", (api) => sectionsOf(api.getAll()));
  site.addFilter("root", (url = "") => "../".repeat(url.split("/").length - 2) || "./");
  site.addFilter("outline", (html = "") => outlineOf(html));
  site.addFilter("weight", (url = "") => WEIGHTS[url.split("/")[1] ?? ""] ?? 1);
  site.addPassthroughCopy({
    [join(relative(process.cwd(), import.meta.dirname), "site.css")]: "site.css",
  });
  site.addPassthroughCopy("docs/**/*.{json,png,service,svg,yml}");
  site.addWatchTarget(import.meta.dirname);
}

interface Page {
  readonly page: { readonly inputPath: string };
}

function titleOf(path: string): string {
  const [, title] = /^# (.+)$/m.exec(readFileSync(path, "utf8")) ?? [];
  if (title === undefined) throw new Error(`${path} has no heading "# …".`);
  return title.replaceAll("`", "");
}

/** Returns the sections of a page, for its table of contents. */
function outlineOf(html: string): { readonly id: string; readonly text: string }[] {
  return [...html.matchAll(/<h2 id="([^"]+)">(.*?)<\/h2>/gs)].map(([, id = "", text = ""]) => ({
    id,
    text: text.replaceAll(/<\/?[a-z][^>]*>/g, ""),
  }));
}

/** Bundles the script of the pages. */
async function writeScript(folder: string): Promise<void> {
  const bundle = await rolldown({
    input: join(import.meta.dirname, "browser.ts"),
    platform: "browser",
  });
  await bundle.write({ file: join(folder, "site.js"), format: "es", minify: true });
  await bundle.close();
}

/** Writes what the search of the site reads. */
async function writeIndex(folder: string): Promise<void> {
  const { index, errors } = await createIndex();
  if (!index) throw new Error(errors.join(" "));
  await index.addDirectory({ path: folder });
  await index.writeFiles({ outputPath: join(folder, "pagefind") });
  await close();
}
