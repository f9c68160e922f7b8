/**
 * Returns the text without the blanks and tabs around it, as browsers and servers read cookies. Other white
 * space is a part of the text: a cookie whose name begins with it is another cookie, which a page without TLS
 * may set. The time is linear in the length of the text; a regular expression for the end would be quadratic.
 */
export function withoutBlanks(text: string): string {
  let [from, to] = [0, text.length];
  while (from < to && isBlank(text[from])) from += 1;
  while (to > from && isBlank(text[to - 1])) to -= 1;
  return text.slice(from, to);
}

function isBlank(character: string | undefined): boolean {
  return character === " " || character === "\t";
}
