/** Returns the anchors of a page's sections, as hosts of Git derive them from the headings. */
export function anchorsOf(page: string): string[] {
  const text = page.replaceAll(/^```.*?^```/gms, "");
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{Pc} -]/gu, "")
      .replaceAll(" ", "-"),
  );
}
