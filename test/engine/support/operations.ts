import { readdirSync } from 'node:fs'
import type { Operation } from '../../../lib/engine/operation.ts'

const FOLDER: URL = new URL('../../../lib/engine/operations/', import.meta.url)

/** Every Operation that there is. */
export async function loadOperations(): Promise<Operation[]> {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.ts'))
  const modules = await Promise.all(files.map((name) => import(new URL(name, FOLDER).href) as Promise<object>))
  return modules.flatMap((module) => Object.values(module).filter(isOperation))
}

function isOperation(value: unknown): value is Operation {
  return typeof value === 'object' && value !== null && 'method' in value && 'path' in value
}
