// npm run check:words
// npm run check:words -- lib/lock
//
// Prints where texts do not follow docs/internals/words.md, and ends with 1 when some do not. Without a path
// it reads the source files, the pages and the subjects of the newest commits; with one the files below it.
import { findingsIn, longSubjects } from "./findings.ts";
import { readFiles, readSubjects } from "./read.ts";

const below = process.argv[2] ?? "";
const files = [...readFiles(below)];
const findings = [
  ...files.flatMap(([file, source]) => findingsIn(file, source)),
  ...(below === "" ? longSubjects(readSubjects()) : []),
];

for (const { at, found, instead } of findings) console.error(`${at}  ${found}\n    ${instead}`);
console.log(`words: ${files.length} files read, ${findings.length} to mend`);
if (findings.length > 0) process.exitCode = 1;
