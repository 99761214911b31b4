import { sentencesIn } from '../../base/sentence.ts'
import type { CreatedContext } from '../../contexts/create.ts'
import type { Answer, Context } from '../command.ts'
import { certificateData } from './data.ts'
import { summaryText } from './summary.ts'
import { keyName } from './dates.ts'
import { until } from './time-left.ts'
import { printable } from '../../base/text.ts'

/** The report of `context create` and `context import`. */
export function madeAnswer(made: CreatedContext, context: Context): Answer {
  const { name, host, description, paths, identity, replaced, warnings } = made
  const action = replaced ? 'replaced' : 'created'
  const about = [
    printable(host),
    ...(identity
      ? [`client certificate of ${identity.client.commonName ?? identity.client.subject}, ${aboutKey(identity)}`]
      : []),
    `docker --context ${name} version`,
    `docker context use ${name}   (makes it the default of the docker command)`,
  ]
  const data = {
    name,
    action,
    host,
    ...(description !== undefined && { description }),
    path: paths.meta,
    ...(identity && { certPath: paths.credentials, certificate: certificateData(identity.client) }),
    warnings,
  }
  return { data, text: `${summaryText({ action, path: name, about }, context)}\n`, warnings: sentencesIn(warnings) }
}

function aboutKey({ client }: NonNullable<CreatedContext['identity']>): string {
  return `${keyName(client)}, ${until(client.validTo)}`
}
