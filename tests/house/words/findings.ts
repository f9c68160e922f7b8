import { habitsIn, longSentencesIn } from "./habits.ts";
import { textsOfPage, textsOfSource } from "./texts.ts";

/** A text that does not follow docs/internals/words.md. */
export interface Finding {
  /** A file and a line, or "commit". */
  readonly at: string;
  readonly found: string;
  readonly instead: string;
}

/** The most characters of a commit's subject. */
export const LONGEST_SUBJECT = 72;

/** Returns what a file has. Throws an Error for a source file that does not parse. */
export function findingsIn(file: string, source: string): readonly Finding[] {
  const texts = file.endsWith(".md") ? textsOfPage(source) : textsOfSource(file, source);
  return texts.flatMap(({ line, kind, text }) => {
    const found = [...habitsIn(text), ...(kind === "comment" ? longSentencesIn(text) : [])];
    return found.map((each) => ({ at: `${file}:${line}`, ...each }));
  });
}

/** Returns the commits whose subject is too long. */
export function longSubjects(subjects: readonly string[]): readonly Finding[] {
  return subjects
    .filter((subject) => subject.length > LONGEST_SUBJECT)
    .map((subject) => ({
      at: "commit",
      found: subject,
      instead: `Shorten its ${subject.length} characters to ${LONGEST_SUBJECT}.`,
    }));
}
