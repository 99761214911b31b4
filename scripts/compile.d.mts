export function compileAll(): Promise<void>
