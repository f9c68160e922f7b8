/** A way of writing that docs/internals/words.md leaves behind. */
export interface Habit {
  readonly pattern: RegExp;
  /** What to write instead. */
  readonly instead: string;
}

/** Words and turns of phrase, wherever they stand in a sentence. */
const PHRASES: readonly Habit[] = [
  {
    pattern: /\b(?:whoever|whomever|asker)\b/gi,
    instead: "Name who it is: the client, the caller, the request, the instance.",
  },
  {
    pattern: /\b(?:(?:[Nn]o|[Ss]ome|[Aa]ny|[Ee]very)body|[Nn]o one)\b/g,
    instead: "Name who it is: no client, another caller, every instance.",
  },
  {
    pattern: /\bof (?:its|his|her|our|their|your|my) own\b/gi,
    instead: 'Write "separate" or "own" before the noun.',
  },
  {
    pattern: /\b(?:is|are|was|were|where|has|have|had) none\b|\bnone of ours\b/gi,
    instead: 'Name the thing: "there is no entry", "it has no limit".',
  },
  {
    pattern: /\b(?:is|are|was|were) (?:gone|away)\b/gi,
    instead: 'Write "unavailable" of a store, and what happened of other things.',
  },
  { pattern: /\bunasked\b/gi, instead: 'Write "optimistic", or "without a call".' },
  { pattern: /\b(?:has|have|had) (?:no |any )?room\b/gi, instead: 'Write "capacity".' },
  { pattern: /\blet by\b/gi, instead: 'Write "allowed".' },
  {
    pattern: /\b(?:give|gives|giving|gave|given) back\b/gi,
    instead: 'Write "refund" of units, and "release" of a lock.',
  },
  {
    pattern: /\b(?:to begin with|as yet|be it)\b/gi,
    instead: 'Write "at first", "yet", "whether".',
  },
];

/** How a comment, a title or a paragraph begins. */
const OPENINGS: readonly Habit[] = [
  {
    pattern: /^(?:Says|Hears|Knows|Sees|(?:Answers|Tells) (?:whether|what|which|how|who|if))\b/g,
    instead: 'Begin with "Returns", "Throws", "Called when", or a subject.',
  },
  {
    pattern: /^Of (?:two|several|many|those|all|both)\b/g,
    instead: 'Begin with the subject: "When two start at once, one …".',
  },
];

/** The most words of a sentence in a comment. */
export const LONGEST_SENTENCE = 40;

/** Returns what is wrong with a text, each with what to write instead. */
export function habitsIn(text: string): readonly { found: string; instead: string }[] {
  return [...PHRASES, ...OPENINGS].flatMap(({ pattern, instead }) =>
    [...text.matchAll(pattern)].map(([found]) => ({ found, instead })),
  );
}

/** Returns the sentences of a comment that are longer than {@link LONGEST_SENTENCE} words. */
export function longSentencesIn(text: string): readonly { found: string; instead: string }[] {
  return text
    .split(/(?<=[.!?:;])\s+|\n\s*\n|\n(?=- |@)/)
    .map((sentence) => sentence.split(/\s+/).filter((word) => /\w/.test(word)))
    .filter((words) => words.length > LONGEST_SENTENCE)
    .map((words) => ({
      found: `${words.slice(0, 6).join(" ")} … (${words.length} words)`,
      instead: `Make it two sentences of ${LONGEST_SENTENCE} words at most.`,
    }));
}
