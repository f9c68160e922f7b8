/** How a line of a chart is drawn. Colours are custom properties of the style sheet. */
export interface Look {
  readonly color: string;
  readonly width: number;
  readonly dash: readonly number[];
  /** Filled below. */
  readonly isFilled?: true;
  /** A dot at each point that is more than nothing. */
  readonly hasDots?: true;
  /** Bars in the place of a line. */
  readonly isBars?: true;
}

/** No two lines of one chart differ by colour alone. */
export const LOOKS = {
  allowed: { color: "--allowed", width: 2, dash: [], isFilled: true },
  denied: { color: "--denied", width: 2, dash: [], hasDots: true },
  shadowDenied: { color: "--would-deny", width: 2, dash: [8, 4] },
  degraded: { color: "--degraded", width: 2.5, dash: [2, 3] },
  p95: { color: "--ink", width: 2, dash: [8, 4] },
  failed: { color: "--denied", width: 0, dash: [], isBars: true },
} as const satisfies Readonly<Record<string, Look>>;

export type LookName = keyof typeof LOOKS;
