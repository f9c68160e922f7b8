// The part of Eleventy that the docs site uses: its packages have no types.
declare module "@11ty/eleventy" {
  import type { MarkdownIt } from "markdown-it";

  /** A page, once Eleventy has read its file. */
  export interface Item {
    readonly inputPath: string;
    readonly url: string;
    readonly data: { readonly title: string };
  }

  export interface UserConfig {
    addCollection(name: string, make: (api: { getAll(): readonly Item[] }) => unknown): void;
    addFilter(name: string, filter: (...values: readonly string[]) => unknown): void;
    addGlobalData(name: string, value: unknown): void;
    addPassthroughCopy(paths: string | Readonly<Record<string, string>>): void;
    addWatchTarget(path: string): void;
    on(event: "eleventy.after", listener: () => Promise<void>): void;
    setDataFileSuffixes(suffixes: readonly string[]): void;
    setIncludesDirectory(folder: string): void;
    setLibrary(engine: "md", library: MarkdownIt): void;
    setTemplateFormats(formats: readonly string[]): void;
    setUseGitIgnore(used: boolean): void;
  }

  export class Eleventy {
    constructor(
      input: string,
      output: string,
      options: {
        readonly config: (config: UserConfig) => void;
        readonly configPath: false;
        readonly quietMode: boolean;
        readonly runMode: "build" | "watch";
      },
    );
    init(): Promise<void>;
    write(): Promise<unknown>;
    watch(): Promise<void>;
  }
}

declare module "@11ty/eleventy-dev-server" {
  import type { Server } from "node:http";

  export default class EleventyDevServer {
    constructor(name: string, folder: string, options: { readonly messageOnStart: () => false });
    readonly server: Server;
    reload(event: Readonly<Record<string, unknown>>): Promise<void>;
  }
}
