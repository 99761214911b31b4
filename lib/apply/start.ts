import { parseUnit, type ParsedUnit } from '../daemon-config/unit/parse-unit.ts'
import type { FoundUnit } from '../daemon-config/unit/installed-unit.ts'
import { assignmentsOf, expand, type ExpandedCommand, type UnitEnvironment } from '../daemon-config/unit/variables.ts'
import { DAEMON_JSON } from '../daemon-config/render-files.ts'
import type { RenderedForHost } from '../daemon-config/render-for-host.ts'
import type { HostFacts } from '../host/facts.ts'

/** The unit as it will be. */
export interface Start {
  /** The unit's own file. */
  readonly path: string
  readonly dropIn: string
  readonly daemonJson: string | undefined
  readonly unit: ParsedUnit
  readonly expanded: ExpandedCommand
}

/** The start of dockerd with rendered files. */
export function startOf(
  { dropIn, daemonJson }: Pick<RenderedForHost, 'dropIn' | 'daemonJson'>,
  found: FoundUnit,
  facts: HostFacts,
): Start {
  const unit = parseUnit(`${textOf(facts, found.paths[0])}\n${dropIn}`, 'the drop-in that would be written')
  return {
    path: found.paths[0] ?? '',
    dropIn,
    daemonJson: daemonJson ?? facts.file(DAEMON_JSON)?.text,
    unit,
    expanded: expand(unit, assignmentsOf(unit, environmentOf(facts))),
  }
}

/** What systemd puts into the environment of dockerd. */
export function environmentOf({ file, property }: HostFacts): UnitEnvironment {
  return { environment: property('service', 'Environment'), textOf: (path) => file(path)?.text }
}

function textOf(facts: HostFacts, path = ''): string {
  return facts.file(path)?.text ?? ''
}
