import { existsSync, readdirSync } from 'node:fs'
import type { Operation } from '../../../lib/engine/operation.ts'

const FOLDER: URL = new URL('../../../lib/engine/', import.meta.url)

/** Every Operation that there is: each resource has a folder, and its operations in a file of that name. */
export async function loadOperations(): Promise<Operation[]> {
  const files = readdirSync(FOLDER)
    .map((resource) => `${resource}/operations.ts`)
    .filter((name) => existsSync(new URL(name, FOLDER)))
  const modules = await Promise.all(files.map((name) => import(new URL(name, FOLDER).href) as Promise<object>))
  return modules.flatMap((module) => Object.values(module).filter(isOperation))
}

function isOperation(value: unknown): value is Operation {
  return typeof value === 'object' && value !== null && 'method' in value && 'path' in value
}
