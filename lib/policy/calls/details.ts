import { boundDetails } from '../details/bound.ts'
import { HIDDEN, imageText, platformText, remoteText } from '../details/safe.ts'
import type { RequestDetails } from '../details/types.ts'
import { fieldsOf, messageOf, messagesOf, textOf, textsOf } from './values.ts'
import type { Message } from './wire.ts'
import { exportersOf } from './exporters.ts'

const ENTITLEMENT = /^(?:network\.host|security\.insecure|device(?:=[\w./=*-]*)?)$/
const word = (text: string): string => (/^[a-z-]{1,32}$/.test(text) ? text : HIDDEN)

/** What a message that begins a build is about: Control/Solve names the results, LLBBridge/Solve what is built. */
export function detailsOfSolve(message: Message): RequestDetails | undefined {
  const attributes = new Map([...fieldsOf(message['FrontendAttrs']), ...fieldsOf(message['FrontendOpt'])])
  const attribute = (name: string): string => attributes.get(name) ?? ''
  const exporters = [...exportersOf(message)]
  const names = exporters.flatMap(({ attributes: own }) => (own.get('name') ?? '').split(','))
  const caches = [messageOf(message['Cache']), message].flatMap((one) =>
    ['Exports', 'Imports', 'CacheImports'].flatMap((field) => messagesOf(one[field])),
  )
  return boundDetails({
    image: imageText(attribute('source')),
    tags: names.map(imageText),
    exporters: exporters.map(({ type }) => word(type)),
    entitlements: textsOf(message['Entitlements']).map((name) => (ENTITLEMENT.test(name) ? name : HIDDEN)),
    remote: remoteText(attribute('context')),
    dockerfile: attribute('filename'),
    networkMode: attribute('force-network-mode'),
    cgroupParent: attribute('cgroup-parent'),
    platform: platformText(attribute('platform')),
    images: caches
      .filter((one) => textOf(one['Type']) === 'registry')
      .map((one) => imageText(fieldsOf(one['Attrs']).get('ref') ?? '')),
  } satisfies RequestDetails)
}
