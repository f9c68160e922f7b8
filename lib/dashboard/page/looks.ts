/** How a line of a chart is drawn. Colours are custom properties of the style sheet. */
export interface Look {
  readonly color: string;
  readonly width: number;
  readonly dash: readonly number[];
  /** The area below the line is filled. */
  readonly isFilled?: true;
  /** A dot at each point above 0. */
  readonly hasDots?: true;
  /** Bars instead of a line. */
  readonly isBars?: true;
}

/** How each line is drawn. No two lines of one chart differ only by colour. */
export const LOOKS = {
  allowed: { color: "--allowed", width: 2, dash: [], isFilled: true },
  denied: { color: "--denied", width: 2, dash: [], hasDots: true },
  shadowDenied: { color: "--would-deny", width: 2, dash: [8, 4] },
  degraded: { color: "--degraded", width: 2.5, dash: [2, 3] },
  p95: { color: "--ink", width: 2, dash: [8, 4] },
  failed: { color: "--denied", width: 0, dash: [], isBars: true },
} as const satisfies Readonly<Record<string, Look>>;

export type LookName = keyof typeof LOOKS;
