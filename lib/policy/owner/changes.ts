/**
 * Why instructions for an image could set a label, or swallow the one that is added behind them. dockerd joins them with line
 * breaks, and parses the result as a Dockerfile.
 */
export function changesFault(changes: readonly string[]): string | undefined {
  const odd = changes.find((one) => /[\r\n]|[\\`\s]$|<<|^\s*(?:#|$)/.test(one))
  if (odd !== undefined) return `${JSON.stringify(odd.slice(0, 100))} may continue in the next line`
  const label = changes.find((one) => /label/i.test(one.replaceAll(/[\\`]/g, '')))
  return label && `${label.slice(0, 100)} may set a label: set labels when you create the container`
}
