export function buildCode(outdir: string): Promise<void>
