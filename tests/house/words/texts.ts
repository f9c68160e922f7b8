import { parseSync, Visitor } from "oxc-parser";

/** A text that people read. */
export interface Text {
  /** Where it begins, from 1. */
  readonly line: number;
  readonly kind: "comment" | "string" | "paragraph";
  readonly text: string;
}

/** Returns the comments of a source file, and its strings of several words. */
export function textsOfSource(file: string, source: string): readonly Text[] {
  const { program, comments, errors } = parseSync(file, source);
  if (errors[0]) throw new Error(`${file}: ${errors[0].message}`);
  const lineAt = lineFinder(source);
  const found: Text[] = joined(comments, source).map(({ start, text }) => ({
    line: lineAt(start),
    kind: "comment",
    text,
  }));
  const add = (start: number, text: string): void => {
    if (/\w \w/.test(text)) found.push({ line: lineAt(start), kind: "string", text });
  };
  new Visitor({
    Literal: (node) => typeof node.value === "string" && add(node.start, node.value),
    TemplateElement: (node) => add(node.start, node.value.raw),
    JSXText: (node) => add(node.start, node.value.trim()),
  }).visit(program);
  return found;
}

/** Returns the paragraphs of a page, without its code. */
export function textsOfPage(page: string): readonly Text[] {
  const prose = page
    .replace(/^```[\s\S]*?^```/gm, (code) => code.replace(/[^\n]/g, ""))
    .replace(/`[^`\n]*`/g, "`x`");
  return prose.split("\n").flatMap((line, i) => {
    const text = line.replace(/^[\s>#*|-]+/, "");
    return text === "" ? [] : [{ line: i + 1, kind: "paragraph" as const, text }];
  });
}

interface Comment {
  readonly type: "Line" | "Block";
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

/** Comments of one line each that follow each other are one text. */
function joined(comments: readonly Comment[], source: string) {
  const texts: { start: number; end: number; text: string }[] = [];
  for (const { type, value, start, end } of comments) {
    const last = texts.at(-1);
    if (type === "Line" && last && /^\n[ \t]*$/.test(source.slice(last.end, start))) {
      last.text += `\n${value.trim()}`;
      last.end = end;
    } else {
      texts.push({ start, end, text: withoutStars(value) });
    }
  }
  return texts;
}

/** A docstring without the stars before its lines, and without its examples. */
function withoutStars(comment: string): string {
  return comment
    .replace(/^[ \t]*\* ?/gm, "")
    .replace(/@example[\s\S]*?(?=\n@|$)/g, "")
    .trim();
}

function lineFinder(source: string): (at: number) => number {
  const ends = [...source.matchAll(/\n/g)].map(({ index }) => index);
  return (at) => {
    const line = ends.findIndex((end) => end >= at);
    return (line < 0 ? ends.length : line) + 1;
  };
}
