import { fieldsOf, messagesOf, textOf } from './values.ts'
import type { Fields, Message } from './wire.ts'

/** Where the result of a build goes. */
interface Exporter {
  readonly type: string
  readonly attributes: Fields
  /** Where the message names it. */
  readonly where: string
}

/** The exporters of a message, also in the form of older clients. */
export function* exportersOf(message: Message): Iterable<Exporter> {
  const old = textOf(message['ExporterDeprecated'])
  if (old !== '')
    yield { type: old, attributes: fieldsOf(message['ExporterAttrsDeprecated']), where: 'ExporterDeprecated' }
  for (const [index, one] of messagesOf(message['Exporters']).entries())
    yield { type: textOf(one['Type']), attributes: fieldsOf(one['Attrs']), where: `Exporters.${index}.Type` }
}
