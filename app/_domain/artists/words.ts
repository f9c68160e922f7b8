/** Letters that Unicode does not decompose, as people type them whose keyboard lacks these letters. */
const SPELLED: Readonly<Record<string, string>> = {
  æ: "ae",
  ð: "d",
  đ: "d",
  ı: "i",
  ł: "l",
  ø: "o",
  œ: "oe",
  ß: "ss",
  þ: "th",
};

/**
 * Returns the words of a text in the form that search compares: without case, diacritics, apostrophes
 * and punctuation, so that "Dąbrowel", "DABROWEL" and "dabrowel" are one word. A text without letters
 * and digits has no words.
 */
export function words(text: string): string[] {
  const plain = text
    // Compatibility forms are decomposed too: a full-width or ligature letter becomes that letter.
    .normalize("NFKD")
    .replace(/[\p{M}'’]/gu, "")
    .toLowerCase()
    .replace(/[æðđıłøœßþ]/g, (letter) => SPELLED[letter] ?? letter);
  return plain.match(/[\p{L}\p{N}]+/gu) ?? [];
}
