import type { Subject } from './check.ts'

/** The name of a subject; its id, if it has no name. */
export function nameOf(subject: Subject): string {
  if (subject.kind === 'daemon') return 'daemon'
  return subject.name === '' ? subject.id : subject.name
}

/**
 * What identifies a finding from one audit to the next. Ids aren't part of it: a container that is created again has another
 * one.
 */
export function findingKey(check: string, subject: { readonly kind: string; readonly name: string }): string {
  return JSON.stringify([check, subject.kind, lastingName(subject)])
}

/**
 * A name that outlives the object. Swarm names the container of a task `SERVICE.SLOT.TASK` or `SERVICE.NODE.TASK` (moby,
 * daemon/cluster/executor/container/container.go: name), and each update of the service makes new tasks.
 */
export function lastingName({ kind, name }: { readonly kind: string; readonly name: string }): string {
  return kind === 'container' ? name.replace(/(?<=\.(?:\d+|[a-z\d]{25}))\.[a-z\d]{25}$/, '') : name
}
