import type { ReadRequest } from '../request.ts'
import { HARMLESS, judgeFields, whateverIn, type Judges } from './fields.ts'
import { fromBaseline, type Judge, type Judged } from './finding.ts'
import { isEmpty } from './values.ts'

const refused = (got: string): Judge =>
  function* (value, where) {
    if (!isEmpty(value)) yield fromBaseline('SWARM_PLUGIN', where, got)
  }

const SECRET: Judges = {
  ...whateverIn(['Data', 'Labels', 'Name'], HARMLESS),
  Driver: refused('its content comes from a plugin, which runs as root'),
  Templating: refused('a driver replaces templates in it on each node'),
}

/** The body of secrets.create and configs.create, and of their updates. */
export const judgeSecret = ({ body }: ReadRequest): Iterable<Judged> => judgeFields(SECRET, body, '')
