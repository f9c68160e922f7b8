/** The values of literals and of arithmetic with them. */

/** Returns the text of a piece of a template literal. */
export function cookedOf(value: unknown): string {
  return (value as { readonly cooked?: string } | undefined)?.cooked ?? "";
}

/** Returns the result of an operator; undefined when an operand is not constant. */
export function computed(
  operator: string,
  left: number | string | undefined,
  right: number | string | undefined,
): number | string | undefined {
  if (left === undefined || right === undefined) return undefined;
  if (typeof left === "string" || typeof right === "string") {
    return operator === "+" ? `${left}${right}` : undefined;
  }
  switch (operator) {
    case "*":
      return left * right;
    case "/":
      return left / right;
    case "+":
      return left + right;
    case "-":
      return left - right;
    default:
      return undefined;
  }
}
